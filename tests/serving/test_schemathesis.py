"""Does the API answer whatever may be sent to it as its own document says?

Schemathesis reads the document of a running API and sends valid and invalid requests to every
operation: each answer must be a documented status and shape, never a 500, and what is invalid must
be refused. An operation is covered by being in the document.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from linking.registry import FLOWS

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")


@pytest.fixture(scope="module")
def url(serve, engines, stripe_sandbox):
    nowhere = {f"{provider}_api_url": "http://127.0.0.1:1" for provider in FLOWS}
    return serve(engines.model_copy(update=nowhere | {"stripe_api_url": stripe_sandbox.url}))


@pytest.mark.timeout(900)
def test_every_answer_is_as_documented(url, workspace, engines, tmp_path):
    workspace.holds({"id": "ch_3PqXk2Eexample"})
    with workspace.database.tenant(workspace.tenant) as rows:
        rows.execute(
            "update workspaces set requests_per_minute = 2000000000, exports_per_day = 2000000000"
        )
    environment = engines.inherited_environment() | {
        "OPPULENCE_TEST_KEY": workspace.key,
        "OPPULENCE_TEST_WORKSPACE": str(workspace.tenant),
    }
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION)]
    ran = subprocess.run(
        [*command, "run", f"{url}/openapi.json"],
        env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=850,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    # What was sent with a key that does not work any more would have proven nothing.
    assert workspace.get("/v1/whoami").status_code == 200
