"""How does a test, benchmark or demo get a sandbox of its own?

Starts the process, waits for it, ends it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from sandbox.company.books import Books


@dataclass(frozen=True, slots=True)
class RunningSandbox:
    """A sandbox that listens: its address, a key per account, and the truth per account."""

    url: str
    keys: tuple[str, ...]
    all_books: tuple[Books, ...]
    pid: int
    data: Path

    @property
    def api_key(self) -> str:
        """The first account's key."""
        return self.keys[0]

    @property
    def books(self) -> Books:
        """The first account's books."""
        return self.all_books[0]

    def truth(self, name: str, **query: str | int) -> Any:
        """One of the first company's books outside Stripe (`sandbox.truth.NAMES`)."""
        answer = httpx.get(f"{self.url}/_sandbox/books/{name}", params=query, timeout=60)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def running_sandbox(
    data: Path, *options: str, program: Sequence[str] = ("sandbox",)
) -> Iterator[RunningSandbox]:
    """Run `python -m sandbox` over a data folder on a free port, with further options.

    Args:
        data: The folder.
        options: Of the command line.
        program: Another module that runs the sandbox, with options that come before these.

    Raises:
        RuntimeError: It ended before it was ready; its standard error says why.
    """
    command = [sys.executable, "-m", *program, "--data", str(data), "--port", "0", *options]
    log = data / "sandbox.log"
    data.mkdir(parents=True, exist_ok=True)
    with (
        log.open("wb") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            process.wait()
            raise RuntimeError(f"the sandbox did not start: {log.read_text()[-2000:]}")
        ready = json.loads(line)
        keys = tuple(account["key"] for account in ready["accounts"])
        books = tuple(Books(data / f"books_{number}.sqlite") for number in range(1, len(keys) + 1))
        try:
            yield RunningSandbox(ready["url"], keys, books, process.pid, data)
        finally:
            for kept in books:
                kept.close()
            process.terminate()
            process.wait(30)
