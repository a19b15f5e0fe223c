"""Where does the demo's company live? In the sandbox of the data folder, started unless it runs.

`oppulence up` serves the same company from the same folder at the same port, so that the connection
which the demo makes goes on working there.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx

from core.errors import EngineUnavailableError
from core.settings import Settings
from local.lease import read_live
from local.lifeline import Lifeline
from local.ports import LOOPBACK, FixedPort, require_free
from local.process import Process
from local.services import sandbox_part
from local.stack import log_files

SANDBOX_KEY = "sk_test_northwind_1"
READY_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class CompanySandbox:
    """The sandbox's address, and the company's own books behind it."""

    url: str

    is_shared: bool = False

    def book(self, name: str, *, at: int | None = None) -> Any:
        """Return one of the company's books (`mrr`, `bank_balances`, …), `at` epoch seconds."""
        query = {} if at is None else {"at": at}
        answer = httpx.get(f"{self.url}/_sandbox/books/{name}", params=query, timeout=60)
        answer.raise_for_status()
        return answer.json()

    @contextmanager
    def standing_still(self) -> Iterator[int]:
        """Stop the sandbox's clock and yield its time, so that figures are of one moment.

        A sandbox that others use as well goes on: what happens meanwhile may differ there.
        """
        clock = f"{self.url}/_sandbox/clock"
        if self.is_shared:
            yield int(httpx.get(clock, timeout=10).json()["now"])
            return
        yield int(httpx.post(clock, json={"frozen": True}, timeout=10).json()["now"])
        httpx.post(clock, json={"frozen": False}, timeout=10).raise_for_status()


@contextmanager
def company_sandbox(settings: Settings, scale: int | None) -> Iterator[CompanySandbox]:
    """Yield the company's sandbox: the running stack's, or one started here.

    Args:
        settings: Complete settings.
        scale: Customers; None keeps the company that the folder holds, or makes one of 300.

    Raises:
        PortTakenError: Something else listens on the sandbox's port.
        EngineUnavailableError: It does not start.
    """
    url = f"http://{LOOPBACK}:{settings.sandbox_port}"
    live = read_live(settings.data_dir)
    if live is not None and "sandbox" in live.parts:
        yield CompanySandbox(url, is_shared=True)
        return
    require_free([FixedPort("sandbox", LOOPBACK, settings.sandbox_port, "OPPULENCE_SANDBOX_PORT")])
    part = sandbox_part(settings)
    if scale is not None:
        part = replace(part, command=(*part.command, "--scale", str(scale)))
    lifeline = Lifeline()
    with log_files(settings.data_dir / "logs") as sink_of:
        process = Process(part, lifeline, sink_of(part.name))
        try:
            _wait_until_ready(process)
            yield CompanySandbox(url)
        finally:
            process.stop()
            lifeline.close()


def _wait_until_ready(process: Process) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.exit_code() is None:
        if process.is_ready():
            return
        time.sleep(0.05)
    raise EngineUnavailableError(
        f"The sandbox did not start: {' | '.join(process.last_lines)[-500:]}",
        next_step="See logs/sandbox.log in the data folder.",
    )
