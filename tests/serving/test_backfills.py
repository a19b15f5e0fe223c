"""Does a backfill go window by window, survive failures, and stop when it is told?"""

import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from orchestration import run_config
from orchestration.partitions import range_tags
from serving.backfills.actions import windows_of
from serving.backfills.driving import backfill_config
from tests.serving.test_webhooks import connect


class FakeDagster:
    """A webserver's GraphQL, as far as runs are started, asked about and ended."""

    def __init__(self) -> None:
        self.runs: list[dict] = []
        self.states: dict[str, str] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                body = json.dumps({"data": outer.answer(**asked)}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, query, variables):
        if "repositoriesOrError" in query:
            node = {"name": "r", "location": {"name": "l"}, "jobs": [{"name": "stripe_backfill"}]}
            return {"repositoriesOrError": {"__typename": "RepositoryConnection", "nodes": [node]}}
        if "launchRun" in query:
            params = variables["params"]
            tags = {tag["key"]: tag["value"] for tag in params["executionMetadata"]["tags"]}
            run_id = f"run_{len(self.runs)}"
            self.runs.append({"id": run_id, "tags": tags, "config": params["runConfigData"]})
            self.states[run_id] = "STARTED"
            return {"launchRun": {"__typename": "LaunchRunSuccess", "run": {"runId": run_id}}}
        if "runsOrError" in query:
            wanted = {tag["key"]: tag["value"] for tag in variables["tags"]}
            known = [r for r in self.runs if wanted.items() <= r["tags"].items()]
            return {"runsOrError": {"results": [{"runId": run["id"]} for run in known]}}
        if "terminateRun" in query:
            self.states[variables["id"]] = "CANCELED"
            return {"terminateRun": {"__typename": "TerminateRunSuccess"}}
        if "tags" in query:
            tags = [{"key": "oppulence/rows", "value": "40"}]
            return {"runOrError": {"__typename": "Run", "tags": tags}}
        return {"runOrError": {"__typename": "Run", "status": self.states[variables["id"]]}}


@pytest.fixture(scope="module")
def dagster():
    fake = FakeDagster()
    yield fake
    fake.server.shutdown()
    fake.server.server_close()


@pytest.fixture(scope="module")
def url(serve, engines, warehouse, dagster):
    return serve(engines.model_copy(update={"dagster_url": dagster.url}))


@pytest.fixture
def ask(url, workspace):
    def send(method, path, **body):
        return httpx.request(
            method, f"{url}/v1/backfills{path}", json=body or None, headers=workspace.headers(),
            timeout=60,
        )  # fmt: skip

    return send


def test_windows_run_one_after_the_other_and_a_failed_one_is_resumed(ask, workspace, dagster):
    connection = connect(workspace, secrets=())
    asked = ask("POST", "", connection_id=connection.id, objects=["charge"],
                since="2024-01-15", until="2024-03-10")  # fmt: skip
    assert asked.status_code == 202, asked.text
    path = f"/{asked.json()['id']}"
    assert [w["state"] for w in ask("GET", path).json()["windows"]] == ["running"] + ["queued"] * 2
    first = dagster.runs[-1]
    key = f"{workspace.tenant}|{connection.id}"
    assert first["config"] == run_config.backfill_config(
        "stripe", since="2024-01-15T00:00:00+00:00", until="2024-02-01T00:00:00+00:00",
        objects=["charge"],
    )  # fmt: skip
    assert range_tags(key, key).items() <= first["tags"].items()
    before = len(dagster.runs)
    ask("GET", path)
    assert len(dagster.runs) == before  # it runs: nothing is started twice
    dagster.states[first["id"]] = "SUCCESS"
    ask("GET", path)
    dagster.states[dagster.runs[-1]["id"]] = "FAILURE"
    told = ask("GET", path).json()
    assert (told["state"], told["windows_done"], told["objects_landed"]) == ("failed", 1, 80)
    assert ask("POST", f"{path}/cancel").status_code == 409
    assert ask("POST", f"{path}/resume").json()["state"] == "running"
    for _ in range(4):
        ask("GET", path)
        dagster.states[dagster.runs[-1]["id"]] = "SUCCESS"
    told = ask("GET", path).json()
    assert (told["state"], told["windows_done"]) == ("succeeded", 3)
    assert [r["tags"]["oppulence/backfill_window"] for r in dagster.runs[-4:]] == [
        "0.0", "1.0", "1.1", "2.0",
    ]  # fmt: skip


def test_a_canceled_one_ends_its_run_and_starts_no_other(ask, workspace, dagster):
    connection = connect(workspace, secrets=())
    path = f"/{ask('POST', '', connection_id=connection.id).json()['id']}"
    ask("GET", path)
    run = dagster.runs[-1]
    assert run["config"] == {}
    assert ask("POST", f"{path}/cancel").json()["state"] == "canceled"
    assert dagster.states[run["id"]] == "CANCELED"
    assert ask("GET", path).json()["state"] == "canceled"
    assert dagster.runs[-1] is run


def test_what_cannot_be_backfilled(ask, workspace):
    assert ask("POST", "", connection_id="conn_none").status_code == 404
    connection = connect(workspace, secrets=())
    for span in ({"since": "2024-02-01", "until": "2024-01-01"},
                 {"since": "1950-01-01", "until": "2024-01-01"}):  # fmt: skip
        assert ask("POST", "", connection_id=connection.id, **span).status_code == 422
    assert ask("GET", "/backfill_none").status_code == 404


def test_spans_are_cut_at_months_without_gap_or_overlap():
    def day(*parts):
        return datetime(*parts, tzinfo=UTC)

    cuts = windows_of(day(2023, 11, 20), day(2024, 2, 1))
    assert cuts == [
        (day(2023, 11, 20), day(2023, 12, 1)), (day(2023, 12, 1), day(2024, 1, 1)),
        (day(2024, 1, 1), day(2024, 2, 1)),
    ]  # fmt: skip
    assert windows_of(None, day(2024, 1, 1)) == [(None, day(2024, 1, 1))]
    config = backfill_config("stripe", since=None, until=None, objects=None)
    assert config == run_config.backfill_config("stripe")
