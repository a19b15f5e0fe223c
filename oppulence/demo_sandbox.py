"""Where does the demo's company live? In the sandbox of the data folder, started unless it runs.

`oppulence up` serves the same company from the same folder at the same port, so that the connection
which the demo makes goes on working there.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from core.errors import EngineUnavailableError
from core.settings import Settings
from local.lease import read_live
from local.ports import LOOPBACK, FixedPort, require_free

SANDBOX_KEY = "sk_test_northwind_1"
READY_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class CompanySandbox:
    """The sandbox's address, and the company's own books behind it."""

    url: str

    def book(self, name: str) -> Any:
        """Return one of the company's books (`counts`, `mrr`, `failed_payments`, `balances`)."""
        answer = httpx.get(f"{self.url}/_sandbox/books/{name}", timeout=60)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def company_sandbox(settings: Settings, scale: int) -> Iterator[CompanySandbox]:
    """Yield the company's sandbox: the running stack's, or one started here.

    Raises:
        PortTakenError: Something else listens on the sandbox's port.
        EngineUnavailableError: It does not start.
    """
    url = f"http://{LOOPBACK}:{settings.sandbox_port}"
    live = read_live(settings.data_dir)
    if live is not None and "sandbox" in live.parts:
        yield CompanySandbox(url)
        return
    port = FixedPort("sandbox", LOOPBACK, settings.sandbox_port, "OPPULENCE_SANDBOX_PORT")
    require_free([port])
    folder = settings.data_dir / "sandbox"
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        *(sys.executable, "-m", "sandbox", "--data", str(folder)),
        *("--port", str(settings.sandbox_port), "--scale", str(scale)),
    ]
    log = settings.data_dir / "logs" / "sandbox.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        _wait_until_ready(process, url)
        yield CompanySandbox(url)
    finally:
        process.terminate()
        process.wait(30)


def _wait_until_ready(process: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/_sandbox/health", timeout=5).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise EngineUnavailableError(
        "The sandbox did not start.", next_step="See logs/sandbox.log in the data folder."
    )
