"""How do events reach an endpoint?

Signed posts to loopback, retried with growing waits, and marked until delivered.

An event's stored `parent` names the endpoints that still wait for it: `delivery_success=false`
lists those.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections import deque
from typing import Any

import httpx

from core.authorities import trusted
from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.stripe.account import Account

RETRY_SECONDS = (0.2, 1.0, 5.0)
_EVENT_FAULTS = frozenset({"duplicate_events", "reversed_events"})
DELIVERY_PATH = "/_sandbox/webhook_deliveries"


def signature(secret: str, at: int, body: bytes) -> str:
    """The `Stripe-Signature` header of a delivery made at `at`."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


class Courier:
    """Delivers events in the order they were made, one endpoint beside the other."""

    def __init__(self, clock: Clock, faults: Faults) -> None:
        """Sign at the sandbox's own time."""
        self.clock, self.faults = clock, faults
        self.retry_seconds: tuple[float, ...] = RETRY_SECONDS
        self.queues: dict[str, deque[tuple[Account, str]]] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.deliveries: deque[dict[str, Any]] = deque(maxlen=10_000)

    def send(
        self, account: Account, events: list[str], endpoints: dict[str, list[dict[str, Any]]]
    ) -> None:
        """Queue events for the endpoints that want them; `endpoints` is by event id."""
        for event in events:
            points = endpoints.get(event, [])
            if points:
                self._waits(account, event, [point["id"] for point in points])
            for point in points:
                queue = self.queues.setdefault(point["id"], deque())
                queue.append((account, event))
                task = self.tasks.get(point["id"])
                if task is None or task.done():
                    self.tasks[point["id"]] = asyncio.get_running_loop().create_task(
                        self._drain(point["id"])
                    )

    def _waits(self, account: Account, event: str, points: list[str]) -> None:
        account.store.set_parent(event, ",".join(points) or None)

    async def _drain(self, endpoint: str) -> None:
        queue = self.queues[endpoint]
        async with httpx.AsyncClient(timeout=10, trust_env=False, verify=trusted()) as client:
            while queue:
                batch = list(queue)
                queue.clear()
                fault = self.faults.strike(DELIVERY_PATH, _EVENT_FAULTS)
                if fault is not None and fault.kind == "reversed_events":
                    batch.reverse()
                for account, event in batch:
                    for _ in range(
                        2 if fault is not None and fault.kind == "duplicate_events" else 1
                    ):
                        await self._deliver(client, account, event, endpoint)

    async def _deliver(
        self, client: httpx.AsyncClient, account: Account, event: str, endpoint: str
    ) -> None:
        for tried, wait in enumerate((0.0, *self.retry_seconds), start=1):
            await asyncio.sleep(wait)
            text, point = account.store.body(event), account.store.body(endpoint)
            if text is None or point is None or '"deleted":true' in point:
                return
            shown = json.loads(point)
            body = text.encode()
            header = signature(
                account.store.meta(f"secret:{endpoint}") or "", self.clock.now(), body
            )
            headers = {
                "stripe-signature": header,
                "content-type": "application/json; charset=utf-8",
                "user-agent": "Stripe/1.0 (sandbox)",
            }
            status = 0
            try:
                status = (
                    await client.post(shown["url"], content=body, headers=headers)
                ).status_code
            except httpx.HTTPError:
                # An endpoint that is down is a failed delivery like any other answer than 2xx.
                status = 0
            self.deliveries.append(
                {
                    "event": event,
                    "endpoint": endpoint,
                    "try": tried,
                    "status": status,
                    "at": self.clock.now(),
                }
            )
            if 200 <= status < 300:
                self._delivered(account, event, endpoint)
                return

    def _delivered(self, account: Account, event: str, endpoint: str) -> None:
        place = account.store.connection.execute(
            "select parent from objects where id = ?", (event,)
        ).fetchone()
        waiting = (
            [name for name in (place[0] or "").split(",") if name and name != endpoint]
            if place
            else []
        )
        self._waits(account, event, waiting)

    def resend(self, account: Account, event: str) -> int:
        """Deliver an event again to every endpoint; returns to how many."""
        points = [
            json.loads(text)
            for text in account.store.page("kind = ?", ["webhook_endpoint"], 100, backwards=True)
        ]
        self.send(account, [event], {event: points})
        return len(points)

    async def close(self) -> None:
        """Stop delivering."""
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)
