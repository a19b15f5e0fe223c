"""Does a sync reach Dagster once per connection, and is none lost while Dagster is down?"""

import subprocess
import sys
import threading
import time
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from core.clock import utc_now
from core.connections import ConnectionStore
from core.errors import EngineUnavailableError
from core.secrets import SecretBox
from core.tenancy import new_id
from local.ports import free_port
from serving.syncs import dispatcher, queries
from serving.syncs.dagster import Dagster
from serving.syncs.dispatcher import run_dispatcher
from serving.syncs.handover import hand_over, sync_config

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


@pytest.fixture
def dispatchers(engines, dagster):
    """Two workers' dispatchers over one Postgres, in a hurry; yields what starts them."""
    stop = threading.Event()
    threads = []

    def start():
        settings = engines.model_copy(update={"dagster_url": dagster.url})
        for _ in range(2):
            threads.append(threading.Thread(target=run_dispatcher, args=(settings, stop)))
            threads[-1].start()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dispatcher, "LOOK_SECONDS", 0.1)
        patch.setattr(dispatcher, "LOOK_SECONDS_WHILE_AWAY", 0.1)
        yield start
        stop.set()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()


def test_a_sync_is_queued_while_dagster_is_down_and_starts_once_by_itself_when_it_is_up(
    ask, workspace, dagster, dispatchers
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
    assert ask("GET", f"syncs/{queued['id']}").json() == queued

    (dagster.home / "hold").touch()
    (dagster.home / "failing").write_text(second.key)
    dispatchers()
    dagster.start()
    stored(workspace, queued["id"], left={"queued"})  # nobody asks the API meanwhile
    both = ask("POST", "transactions.sync", {}).json()["data"]
    assert [(sync["connection_id"], sync["state"]) for sync in both] == [
        (first.id, "running"), (second.id, "queued"),
    ]  # fmt: skip
    assert both[0]["id"] == queued["id"]
    stored(workspace, both[1]["id"], left={"queued"})

    (dagster.home / "hold").unlink()
    states = [stored(workspace, sync["id"], left={"running"}) for sync in both]
    assert states == ["succeeded", "failed"]
    synced = (dagster.home / "synced").read_text().split()
    mine = [key for key in synced if key.startswith(f"{workspace.tenant}|")]
    assert sorted(mine) == sorted([first.key, second.key])
    (again,) = ask("POST", "transactions.sync", {"connection_id": second.id}).json()["data"]
    assert again["id"] != both[1]["id"]
    listed = ask("GET", "syncs?limit=2").json()
    assert [sync["id"] for sync in listed["data"]] == [again["id"], both[1]["id"]]
    rest = ask("GET", f"syncs?cursor={listed['next_cursor']}").json()["data"]
    assert [sync["id"] for sync in rest] == [queued["id"]]
    failed = ask("GET", f"syncs?state=failed&connection_id={second.id}").json()["data"]
    assert both[1]["id"] in {sync["id"] for sync in failed}
    actions = [entry["action"] for entry in workspace.get("/v1/audit_log").json()["data"]]
    assert actions == ["sync.requested"] * 3


def test_many_who_hand_a_sync_over_start_it_once(workspace, dagster):
    """Every one of them finds it queued; Dagster's answer to the first is slow."""
    (sync_id,) = requested(workspace, connect(workspace, "acct_a"))
    started = []

    class SlowDagster:
        def submit(self, job, config, tags):
            time.sleep(0.3)
            started.append(tags["oppulence/sync_id"])
            return "run-1"

    threads = [
        threading.Thread(
            target=hand_over,
            args=(
                partial(workspace.database.tenant, workspace.tenant), workspace.tenant,
                SlowDagster(), sync_id,
            ),
        )
        for _ in range(4)
    ]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert started == [sync_id]


def test_a_handover_that_crashed_is_taken_up_later(workspace):
    (sync_id,) = requested(workspace, connect(workspace, "acct_a"))
    transaction = partial(workspace.database.tenant, workspace.tenant)

    class Dagster:
        def submit(self, job, config, tags):
            return "run-1"

    with transaction() as rows:  # a claim that nobody holds any more, and one that is held
        rows.execute("update syncs set claimed_until = now() + interval '1 minute', claim = 'x'")
    assert hand_over(transaction, workspace.tenant, Dagster(), sync_id) is None
    with transaction() as rows:
        rows.execute("update syncs set claimed_until = now() - interval '1 second'")
    assert hand_over(transaction, workspace.tenant, Dagster(), sync_id)["state"] == "running"


def test_no_transaction_is_open_while_dagster_is_asked(serve, engines, workspace):
    """Dagster looks at Postgres while it is asked: nobody waits for it inside a transaction."""
    seen = []

    def waiting():
        with workspace.database.tenant(workspace.tenant) as rows:
            found = rows.execute(
                "select pid, xact_start from pg_stat_activity"
                " where state like 'idle in transaction%' and usename = current_user"
            )
            return {(row["pid"], row["xact_start"]) for row in found}

    class Watching(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            before = waiting()
            time.sleep(0.5)
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(500)
            self.send_header("Content-Length", "0")
            self.end_headers()
            seen.append(before & waiting())

        def log_message(self, *_: object) -> None:
            return

    def asked(times):
        deadline = time.monotonic() + 60
        while len(seen) < times:
            assert time.monotonic() < deadline
            time.sleep(0.05)

    connection = connect(workspace, "acct_a")
    with ThreadingHTTPServer(("127.0.0.1", 0), Watching) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = serve(
            engines.model_copy(update={"dagster_url": f"http://127.0.0.1:{server.server_port}"})
        )
        body, headers = {"connection_id": connection.id}, workspace.headers()
        address = f"{url}/v1/transactions.sync"
        (sync,) = httpx.post(address, json=body, headers=headers, timeout=60).json()["data"]
        asked(1)  # in the answer's background, to hand it over
        with workspace.database.tenant(workspace.tenant) as rows:
            rows.execute("update syncs set state = 'running', run_id = 'run-1'")
        httpx.get(f"{url}/v1/syncs/{sync['id']}", headers=headers, timeout=60)
        asked(2)
        once = headers | {"Idempotency-Key": "one"}
        httpx.post(address, json=body, headers=once, timeout=60)
        asked(3)
        server.shutdown()
        thread.join()
    assert seen == [set(), set(), set()]


def requested(workspace, *connections):
    """Put queued syncs into Postgres, as the API does."""
    names = [new_id("sync") for _ in connections]
    with workspace.database.tenant(workspace.tenant) as rows:
        for name, connection in zip(names, connections, strict=True):
            values = {
                "workspace_id": str(workspace.tenant), "id": name, "now": utc_now(),
                "connection_id": connection.id, "provider": connection.provider,
            }  # fmt: skip
            rows.execute(queries.REQUEST, values)
    return names


def stored(workspace, sync_id, *, left):
    """Wait until the sync has left a state, in Postgres."""
    deadline = time.monotonic() + 120
    while True:
        with workspace.database.tenant(workspace.tenant) as rows:
            (found,) = rows.execute("select state from syncs where id = %s", [sync_id]).fetchall()
        if found["state"] not in left:
            return found["state"]
        assert time.monotonic() < deadline
        time.sleep(0.2)


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
