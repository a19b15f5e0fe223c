"""Does a sync reach Dagster once per connection, and is none lost while Dagster is down?"""

import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest

from core.connections import ConnectionStore
from core.errors import EngineUnavailableError
from core.secrets import SecretBox
from local.ports import free_port
from serving.syncs.actions import sync_config
from serving.syncs.dagster import Dagster

JOBS = Path(__file__).parent / "dagster_jobs.py"
# Without a queue, whose daemon this test does not start: a run starts when it is launched.
CONFIGURED = """
telemetry: {enabled: false}
run_coordinator: {module: dagster._core.run_coordinator, class: DefaultRunCoordinator}
"""


class DagsterServer:
    """A webserver that can be started late, and its home."""

    def __init__(self, home: Path, environment: dict[str, str]) -> None:
        self.home, self.port, self.environment = home, free_port(), environment
        self.process: subprocess.Popen[bytes] | None = None
        (home / "dagster.yaml").write_text(CONFIGURED)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "dagster_webserver", "-f", str(JOBS), "-h", "127.0.0.1"]
        with (self.home / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [*command, "-p", str(self.port)], stdout=log, stderr=log,
                env=self.environment | {"DAGSTER_HOME": str(self.home)},
            )  # fmt: skip
        deadline = time.monotonic() + 120
        while not self._answers():
            assert self.process.poll() is None, (self.home / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.2)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/server_info").status_code == 200
        except httpx.TransportError:
            return False


@pytest.fixture(scope="module")
def dagster(tmp_path_factory, engines):
    server = DagsterServer(tmp_path_factory.mktemp("dagster"), engines.inherited_environment())
    yield server
    server.stop()


@pytest.fixture(scope="module")
def url(serve, engines, dagster):
    return serve(engines.model_copy(update={"dagster_url": dagster.url}))


@pytest.fixture
def ask(url, workspace):
    def send(method, path, body=None, *, of=workspace):
        return httpx.request(
            method, f"{url}/v1/{path}", json=body, headers=of.headers(), timeout=60
        )

    return send


def connect(workspace, account):
    box = SecretBox.from_keys(workspace.settings.required("encryption_keys"))
    store = ConnectionStore(workspace.database, box)
    return store.connect(
        workspace.tenant, provider="stripe", name=account, provider_account_id=account,
        api_url="http://127.0.0.1:1", credentials={"api_key": "sk_test_1"},
    )  # fmt: skip


def state_after(ask, sync_id, *, left):
    """Ask until the sync has left a state."""
    deadline = time.monotonic() + 120
    while (state := ask("GET", f"syncs/{sync_id}").json()["state"]) in left:
        assert time.monotonic() < deadline
        time.sleep(0.3)
    return state


def test_a_sync_is_queued_while_dagster_is_down_and_runs_once_when_it_is_up(
    ask, workspace, dagster
):
    """One story, since a webserver takes seconds to start: queued, joined, taken, ended, failed."""
    first, second = connect(workspace, "acct_a"), connect(workspace, "acct_b")
    asked = ask("POST", "transactions.sync", {"connection_id": first.id})
    (queued,) = asked.json()["data"]
    assert (asked.status_code, queued["state"], queued["connection_id"]) == (
        202, "queued", first.id,
    )  # fmt: skip
    (joined,) = ask("POST", "transactions.sync", {"connection_id": first.id}).json()["data"]
    assert joined == queued

    (dagster.home / "hold").touch()
    (dagster.home / "failing").write_text(second.key)
    dagster.start()
    assert state_after(ask, queued["id"], left={"queued"}) == "running"
    both = ask("POST", "transactions.sync", {}).json()["data"]
    assert [sync["connection_id"] for sync in both] == [first.id, second.id]
    assert both[0]["id"] == queued["id"]
    assert state_after(ask, both[1]["id"], left={"queued"}) == "running"

    (dagster.home / "hold").unlink()
    states = [state_after(ask, sync["id"], left={"running"}) for sync in both]
    assert states == ["succeeded", "failed"]
    synced = (dagster.home / "synced").read_text().split()
    assert sorted(synced) == sorted([first.key, second.key])
    (again,) = ask("POST", "transactions.sync", {"connection_id": second.id}).json()["data"]
    assert again["id"] != both[1]["id"]
    actions = [entry["action"] for entry in workspace.get("/v1/audit_log").json()["data"]]
    assert actions == ["sync.requested"] * 3


def test_what_cannot_be_asked_is_a_conflict(ask, workspace):
    assert ask("POST", "transactions.sync", {}).status_code == 409
    connection = connect(workspace, "acct_a")
    with workspace.database.tenant(workspace.tenant) as rows:
        rows.execute("update connections set status = 'reconsent_required'")
    answer = ask("POST", "transactions.sync", {"connection_id": connection.id})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_another_workspaces_connection_and_sync_do_not_exist(ask, workspace, new_workspace):
    other = new_workspace()
    connection = connect(other, "acct_a")
    (sync,) = ask("POST", "transactions.sync", {}, of=other).json()["data"]
    answer = ask("POST", "transactions.sync", {"connection_id": connection.id})
    assert answer.status_code == 404
    assert ask("GET", f"syncs/{sync['id']}").status_code == 404


def test_the_jobs_config_is_orchestrations_own():
    from orchestration import run_config
    from orchestration.jobs import sync_job

    assert sync_config("stripe", "ws_a|conn_b") == run_config.sync_config(
        "stripe", connections=["ws_a|conn_b"]
    )
    assert sync_job("stripe").name == "stripe_sync"


def test_a_dagster_that_can_answer_nothing_is_away_and_no_failure_of_ours():
    class Broken(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            body = b'{"data": null, "errors": [{"message": "no database"}]}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Broken) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        with pytest.raises(EngineUnavailableError):
            Dagster(f"http://127.0.0.1:{server.server_port}").state_of("a-run")
        thread.join()
