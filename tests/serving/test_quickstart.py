"""Does every command of docs/quickstart.md work, and do its client and its requests fit the API?

The whole stack is `tests/oppulence`'s; here the same commands meet an API and a sandbox on other
ports. Dagster is not among them: what is asked of it stays queued.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.serving.documented import DOCUMENT

PAGE = (Path(__file__).parents[2] / "docs" / "quickstart.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.S)
NOT_HERE = {"make up\n", 'export PATH="$PWD/.venv/bin:$PATH"\n'}


@pytest.fixture(scope="module")
def url(serve, engines, warehouse):
    return serve(engines.model_copy(update={"dagster_url": "http://127.0.0.1:1"}))


@pytest.fixture(scope="module")
def walked(url, engines, stripe_sandbox, tmp_path_factory):
    """Run the page in a folder of its own; return the folder and what was printed."""
    folder = tmp_path_factory.mktemp("quickstart")
    script = "set -euo pipefail\n" + "".join(block for block in BLOCKS if block not in NOT_HERE)
    script = script.replace("http://127.0.0.1:8000", url)
    script = script.replace("http://127.0.0.1:12111", stripe_sandbox.url)
    script = script.replace("sk_test_northwind_1", stripe_sandbox.keys[0])
    scripts = str(Path(sys.executable).parent)
    environment = engines.child_environment()
    environment["PATH"] = f"{scripts}:{environment['PATH']}"
    ran = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment, capture_output=True, text=True,
        timeout=280, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return folder, ran.stdout


def test_every_command_of_the_page_works(walked):
    folder, told = walked
    assert BLOCKS[0] in NOT_HERE
    assert '"workspace_id":"ws_quickstart"' in told
    assert '"state":"queued"' in told
    assert (folder / "transactions.csv").read_text().startswith('"id","provider"')
    assert "that is all" in told
    assert told.rstrip().endswith("}")
    assert '"data":"erasing"' in told


def test_the_generated_client_reads_rows_pages_and_problems(walked, url, workspace):
    """In a process of its own: the package is on nobody else's path."""
    folder, _ = walked
    workspace.holds(
        {"id": "a", "amount_minor": -1999, "currency": "EUR"}, {"id": "b", "status": "failed"}
    )
    program = f"""
import json
from oppulence_client import AuthenticatedClient
from oppulence_client.api.api_keys import create_api_key
from oppulence_client.api.transactions import get_transaction, list_transactions
from oppulence_client.api.whoami import whoami
from oppulence_client.models import KeyRequest

client = AuthenticatedClient(
    base_url="{url}", token="{workspace.key}", headers={{"X-Workspace-Id": "{workspace.tenant}"}},
)
first = list_transactions.sync(client=client, limit=1)
second = list_transactions.sync(client=client, limit=1, cursor=first.next_cursor)
part = list_transactions.sync(client=client, fields="id,amount", limit=1)
missing = get_transaction.sync(client=client, transaction_id="none")
made = create_api_key.sync(
    client=client, body=KeyRequest.from_dict({{"name": "made", "preset": "read_only"}})
)
print(json.dumps({{
    "ids": [first.data[0].id, second.data[0].id],
    "kind": type(first.data[0]).__name__,
    "amount": first.data[0].amount,
    "moment": first.data[0].occurred_at.isoformat(),
    "part": part.data[0].to_dict(),
    "problem": [missing.status, missing.code],
    "who": whoami.sync(client=client).workspace_id,
    "made": made.name,
}}))
"""
    ran = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(folder / "oppulence-client")},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == {
        "ids": ["a", "b"], "kind": "Transaction", "amount": "-19.99",
        "moment": "2024-06-01T12:00:00+00:00", "part": {"id": "a", "amount": "-19.99"},
        "problem": [404, "not_found"], "who": str(workspace.tenant), "made": "made",
    }  # fmt: skip


def test_the_file_of_requests_holds_every_operation_and_they_are_understood(
    walked, url, workspace, engines
):
    """Each request is sent as it stands: nothing of it may be refused as invalid."""
    folder, _ = walked
    text = (folder / "oppulence.http").read_text()
    operations = {
        operation["operationId"]
        for operations in DOCUMENT["paths"].values()
        for operation in operations.values()
    }
    requests = text.split("### ")[1:]
    named = {re.search(r"# @name (\w+)", request)[1] for request in requests}
    assert named == operations
    values = {"host": url, "key": workspace.key, "workspace": str(workspace.tenant), "$guid": "1"}
    refused = {}
    for request in requests:
        filled = re.sub(r"\{\{([$\w]+)\}\}", lambda m: values[m[1]], request)
        head, _, body = filled.partition("\n\n")
        lines = [line for line in head.splitlines()[1:] if not line.startswith("#")]
        method, address = lines[0].split(" ", 1)
        if method != "GET":
            continue
        headers = dict(line.split(": ", 1) for line in lines[1:])
        answer = httpx.request(method, address, headers=headers, content=body or None, timeout=60)
        if answer.status_code not in (200, 303, 401, 404, 503):
            refused[address] = answer.text
    assert refused == {}
