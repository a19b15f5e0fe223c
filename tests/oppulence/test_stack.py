"""Does `oppulence up` run everything, heal what dies, and end without a trace? In this order."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.local.processes import is_running, processes_naming, until
from tests.oppulence.conftest import RunningStack
from tests.oppulence.test_compose import OURS, SERVICES

pytestmark = pytest.mark.timeout(1200)
PARTS = [
    "clickhouse", "postgres", "redis", "mail", "api", "sandbox", "code", "dagster",
    "daemon", "worker",
]  # fmt: skip
SANDBOX_KEY = "sk_test_northwind_1"


def test_every_part_is_ready_in_order_and_answers(stack: RunningStack) -> None:
    parts = stack.live()["parts"]
    assert list(parts) == PARTS
    assert {part["state"] for part in parts.values()} == {"ready"}
    ready = httpx.get(f"{parts['api']['address']}/ready", timeout=60).json()
    assert {name: engine["state"] for name, engine in ready["engines"].items()} == {
        "clickhouse": "up", "postgres": "up", "redis": "up",
    }  # fmt: skip
    assert httpx.get(f"{parts['clickhouse']['address']}/ping").text == "Ok.\n"
    told = stack.output.read_text()
    assert f"STRIPE_API_KEY={SANDBOX_KEY} oppulence connect stripe" in told
    assert "oppulence key create" in told


def test_the_healthchecks_of_production_answer_here(stack: RunningStack) -> None:
    parts = stack.live()["parts"]
    part_of = {"api": "api", "webserver": "dagster", "clickhouse": "clickhouse"}
    address = {name: parts[part]["address"] for name, part in part_of.items()}
    for name, base in address.items():
        test = " ".join(SERVICES[name]["healthcheck"]["test"])
        path = re.search(r"http://127.0.0.1:\d+(/\w+)", test)
        assert path
        assert httpx.get(base + path[1], timeout=60).status_code == 200, name
    environment = {
        **stack.settings.child_environment(),
        "OPPULENCE_DAGSTER_DATABASE_URL": _dagster_url(stack),
        "DAGSTER_HOME": str(stack.settings.data_dir / "dagster"),
    }
    code_port = parts["code"]["address"].rpartition(":")[2]
    for name in ("worker", "code", "daemon"):
        words = OURS[name]["healthcheck"]["test"][1:]
        words = [code_port if word == "4000" else word for word in words]
        words[0] = str(Path(sys.executable).with_name(words[0]))
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"


def _dagster_url(stack: RunningStack) -> str:
    secrets = json.loads((stack.settings.data_dir / "secrets.json").read_text())
    port = stack.live()["ports"]["postgres"]
    password = secrets["dagster_database_password"]
    return f"postgresql://oppulence_dagster:{password}@127.0.0.1:{port}/dagster"


def code_shown(stack: RunningStack) -> str:
    """Return the code as soon as the terminal shows it, which is after the page has answered."""
    deadline = time.monotonic() + 60
    while True:
        shown = re.findall(r"to ada@example.com: (\d{6}) is your", stack.output.read_text())
        if shown:
            return str(shown[-1])
        assert time.monotonic() < deadline, stack.output.read_text()[-3000:]
        time.sleep(0.1)


def test_a_person_signs_in_with_the_code_that_the_terminal_shows(stack: RunningStack) -> None:
    url = stack.live()["parts"]["api"]["address"]
    with httpx.Client(base_url=url, timeout=60, follow_redirects=True) as browser:
        page = browser.get("/sign_in")
        for path, field in (("/sign_in", "email"), ("/sign_in/code", "code")):
            token = re.search(r'name="csrf_token" value="(\w+)"', page.text)
            assert token
            entered = "ada@example.com" if field == "email" else code_shown(stack)
            page = browser.post(path, data={"csrf_token": token[1], field: entered})
    assert "ada&#39;s workspace" in page.text
    assert len(list((stack.settings.data_dir / "mail").glob("*.eml"))) == 1


def test_a_stripe_account_connects_and_its_key_is_never_shown(stack: RunningStack) -> None:
    done = stack.run(
        "connect", "stripe", "--workspace", "ws_stack", "--json", STRIPE_API_KEY=SANDBOX_KEY
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["workspace"], told["provider"]) == ("ws_stack", "stripe")
    assert told["account"].startswith("acct_")
    assert SANDBOX_KEY not in done.stdout + done.stderr
    again = stack.run(
        "connect", "stripe", "--workspace", "ws_stack", "--json", STRIPE_API_KEY=SANDBOX_KEY
    )
    assert json.loads(again.stdout) == told


def test_a_key_that_stripe_refuses_is_not_stored(stack: RunningStack) -> None:
    wrong = "sk_test_51NotAKeyOfAnyone"
    done = stack.run("connect", "stripe", "--workspace", "ws_other", STRIPE_API_KEY=wrong)
    assert done.returncode == 2
    first, second = done.stderr.splitlines()
    assert first.startswith("The provider refused the credentials: Stripe refused the key: ")
    assert second == ("Next step: Use a valid secret or restricted key that may read the account.")
    assert wrong not in done.stdout + done.stderr


def test_status_tells_connections_and_parts(stack: RunningStack) -> None:
    done = stack.run("status", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [part["part"] for part in told["parts"]] == PARTS
    assert [(c["workspace"], c["provider"]) for c in told["connections"]] == [
        ("ws_stack", "stripe")
    ]


def test_a_second_stack_on_the_folder_is_refused_by_name(stack: RunningStack) -> None:
    done = stack.run("up")
    assert done.returncode == 75
    assert f"`oppulence up` (process {stack.process.pid}) runs on" in done.stderr
    assert "OPPULENCE_DATA_DIR" in done.stderr


def test_a_second_stack_on_the_ports_is_refused_before_it_starts_anything(
    stack: RunningStack, tmp_path: Path
) -> None:
    done = stack.run("up", OPPULENCE_DATA_DIR=str(tmp_path / "other"))
    assert done.returncode == 75
    assert f"Port {stack.settings.api_port} (API) is taken by python" in done.stderr
    assert "OPPULENCE_API_PORT=" in done.stderr
    assert not (tmp_path / "other" / "postgres").exists()


def test_a_killed_api_is_started_again_on_its_port(stack: RunningStack) -> None:
    before = stack.live()["parts"]["api"]
    os.kill(before["pid"], signal.SIGKILL)

    def is_back() -> bool:
        part = stack.live()["parts"]["api"]
        return part["state"] == "ready" and part["pid"] != before["pid"]

    until(is_back, "the API is ready again")
    assert httpx.get(f"{before['address']}/health").json() == {"status": "ok"}


def test_sigterm_ends_everything_and_what_was_stored_is_there_afterwards(
    stack: RunningStack,
) -> None:
    pids = [part["pid"] for part in stack.live()["parts"].values()]
    stack.process.send_signal(signal.SIGTERM)
    assert stack.process.wait(300) == 0
    assert [pid for pid in pids if is_running(pid)] == []
    assert processes_naming(stack.settings.data_dir) == []
    assert "Stopped." in stack.output.read_text()
    told = json.loads(stack.run("status", "--json").stdout)
    assert told["parts"] == []
    assert [c["workspace"] for c in told["connections"]] == ["ws_stack"]
    assert processes_naming(stack.settings.data_dir) == []
