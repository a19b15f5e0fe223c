"""Does a stop under load keep what was acknowledged, and does a slow query end?"""

import signal
import subprocess
import sys
import threading
import time

import httpx

from local.ports import free_port


def test_a_stop_under_load_loses_no_acknowledged_write(engines, workspace):
    settings = engines.model_copy(update={"api_port": free_port()})
    url = f"http://127.0.0.1:{settings.api_port}"
    with workspace.database.tenant(workspace.tenant) as rows:
        rows.execute("update workspaces set requests_per_minute = 2000000000")
    acknowledged, cut, refused = [], [], []
    command = [sys.executable, "-m", "serving"]

    def write() -> None:
        with httpx.Client(base_url=url, headers=workspace.headers(), timeout=20) as client:
            while True:
                try:
                    answer = client.post("/v1/api_keys", json={"name": "n", "preset": "read_only"})
                except httpx.ConnectError:
                    return  # stopped: nobody listens any more
                except httpx.TransportError as error:
                    cut.append(error)
                    return
                (acknowledged if answer.status_code == 201 else refused).append(answer.json())

    with subprocess.Popen(command, env=settings.child_environment()) as process:
        deadline = time.monotonic() + 60
        while not listens(url):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        writers = [threading.Thread(target=write) for _ in range(4)]
        for writer in writers:
            writer.start()
        while len(acknowledged) < 40:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        for writer in writers:
            writer.join(30)
        assert process.wait(30) in (0, -signal.SIGTERM)
    assert refused == []
    with workspace.database.tenant(workspace.tenant) as rows:
        kept = {row["id"] for row in rows.execute("select id from api_keys where name = 'n'")}
    answered = {key["id"] for key in acknowledged}
    assert len(answered) >= 40
    assert answered <= kept
    assert len(kept - answered) <= len(cut)


def listens(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health").status_code == 200
    except httpx.TransportError:
        return False


def test_a_query_that_takes_too_long_is_a_problem(serve, engines, workspace):
    workspace.holds({"id": "row"})
    url = serve(engines.model_copy(update={"query_seconds": 0.000001}))
    answer = httpx.get(f"{url}/v1/transactions", headers=workspace.headers())
    assert (answer.status_code, answer.json()["code"]) == (503, "query_timeout")
