"""Where does a delivery wait whose connection or secret is not known yet? Apart, and for days only.

It cannot be verified, so anybody may have sent it: few are taken per second, none is shown to any
workspace, and the worker keeps the number and the age within bounds. Once the secret is there, the
worker verifies it as of the moment it came, and only then does it enter the inbox.
"""

import time
from dataclasses import dataclass, field

from psycopg.types.json import Jsonb
from starlette.concurrency import run_in_threadpool

from core.clock import utc_now
from core.database import Database
from core.errors import OppulenceError
from core.webhooks.delivery import Delivery

PER_SECOND = 5.0
BURST = 100.0
LARGEST_BYTES = 300_000
_INSERT = """
insert into parked_deliveries
    (workspace_id, provider, connection_id, headers, payload, received_at)
values (%(workspace_id)s, %(provider)s, %(connection_id)s, %(headers)s, %(payload)s, %(now)s)
"""


class NoRoomError(OppulenceError):
    """More deliveries came for unknown connections than are kept; the sender tries again later."""

    code = "no_room"
    title = "Too many deliveries for unknown connections"
    status = 429

    def __init__(self) -> None:
        super().__init__(
            "More deliveries for unknown connections came than are kept.",
            next_step="Set the connection's webhook secret, then send it again.",
        )
        self.headers = {"Retry-After": "60"}


@dataclass(slots=True)
class Parking:
    """Keeps deliveries aside, within a rate."""

    database: Database
    _room: float = BURST
    _filled_at: float = field(default_factory=time.monotonic)

    async def park(
        self, provider: str, workspace_id: str, connection_id: str, delivery: Delivery
    ) -> None:
        """Keep a delivery.

        Raises:
            NoRoomError: Too many came.
            EngineUnavailableError: Postgres does not answer.
        """
        now = time.monotonic()
        self._room = min(BURST, self._room + (now - self._filled_at) * PER_SECOND)
        self._filled_at = now
        if self._room < 1 or len(delivery.body) > LARGEST_BYTES:
            raise NoRoomError
        self._room -= 1
        values = {
            "workspace_id": workspace_id, "provider": provider, "connection_id": connection_id,
            "headers": Jsonb({k: v.replace("\0", "") for k, v in delivery.headers.items()}),
            "payload": delivery.body, "now": utc_now(),
        }  # fmt: skip
        await run_in_threadpool(self._insert, values)

    def _insert(self, values: dict[str, object]) -> None:
        with self.database.system() as rows:
            rows.execute(_INSERT, values)
