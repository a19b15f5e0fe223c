"""How does a provider's webhook leave the sandbox? Posted in the background, retried, noted."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from core.authorities import trusted
from sandbox.clock import Clock

RETRY_SECONDS = (0.2, 1.0, 5.0)


class Outbox:
    """Posts webhooks, one after the other per address, at most four times each."""

    def __init__(self, clock: Clock) -> None:
        """Note deliveries at the sandbox's time."""
        self.clock = clock
        self.retry_seconds: tuple[float, ...] = RETRY_SECONDS
        self.deliveries: deque[dict[str, Any]] = deque(maxlen=10_000)
        self._last: dict[str, asyncio.Task[None]] = {}

    def post(
        self, provider: str, url: str, body: bytes, sign: Callable[[], Mapping[str, str]]
    ) -> None:
        """Deliver a body; `sign` gives the headers of each try (a signature holds its time)."""
        before = self._last.get(url)
        loop = asyncio.get_running_loop()
        self._last[url] = loop.create_task(self._deliver(before, provider, url, body, sign))

    def under_way(self) -> list[asyncio.Task[None]]:
        """The last delivery to each address, which ends after all before it."""
        return list(self._last.values())

    async def _deliver(
        self, before: asyncio.Task[None] | None, provider: str, url: str, body: bytes,
        sign: Callable[[], Mapping[str, str]],
    ) -> None:  # fmt: skip
        if before is not None:
            await asyncio.wait([before])
        async with httpx.AsyncClient(timeout=10, trust_env=False, verify=trusted()) as client:
            for tried, wait in enumerate((0.0, *self.retry_seconds), start=1):
                await asyncio.sleep(wait)
                headers = {"content-type": "application/json", **sign()}
                try:
                    status = (await client.post(url, content=body, headers=headers)).status_code
                except httpx.HTTPError:
                    # An endpoint that is down is a failed delivery like any answer but 2xx.
                    status = 0
                self.deliveries.append({
                    "provider": provider, "url": url, "try": tried, "status": status,
                    "at": self.clock.now(),
                })  # fmt: skip
                if 200 <= status < 300:
                    return
