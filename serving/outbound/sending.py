"""How does an event of ours reach an endpoint? Signed, retried for days, never into our network.

Signatures are Standard Webhooks', by its library. Pauses grow from seconds to hours; an endpoint
that takes nothing for five days is disabled, and says so. An attempt ends at its deadline whatever
the endpoint does; nobody waits for the slowest, and no endpoint or workspace has all threads. What
was told is kept for a month, to be looked at and delivered again.
"""

import base64
import secrets as chance
import threading
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any

from standardwebhooks import Webhook

from core.clock import utc_now
from core.database import Database, Rows
from core.errors import EngineUnavailableError
from core.logs import get_logger
from core.outbound_address import AddressRefusedError, checked_address
from core.outbound_post import NoAnswerError, post_to
from core.secrets import SecretBox, SecretUnreadableError
from core.settings import Settings
from serving.outbound import queries

LOOK_SECONDS, AGAIN_SECONDS = 1.0, 0.05
SIDE_BY_SIDE = 32
OF_WORKSPACE = 8  # of these
OF_ENDPOINT = 4
DEADLINE_SECONDS = 15.0
LEASE = timedelta(minutes=5)
KEPT, FORGET_EVERY = timedelta(days=30), timedelta(hours=1)
FORGOTTEN_AT_ONCE = 5_000
DISABLED_AFTER = timedelta(days=5)
PAUSES = (5, 60, 300, 1_800, 7_200, 18_000, 36_000, 36_000, 86_400, 86_400)  # seconds
_LOG = get_logger("outbound")


def new_secret() -> str:
    """Return a fresh signing secret, as Standard Webhooks writes them."""
    return "whsec_" + base64.b64encode(chance.token_bytes(24)).decode()


def run_sending(settings: Settings, stop_event: threading.Event) -> None:
    """Send what is due, until `stop_event` is set."""
    system = Database.connect(settings, role="system", size=4)
    box = SecretBox.from_keys(settings.required("encryption_keys"))
    forget_at = utc_now()
    try:
        with Sending(system, box, settings) as sending:
            while not stop_event.wait(sending.pause()):
                try:
                    sending.turn()
                    if utc_now() >= forget_at and not forget(system, utc_now()):
                        forget_at = utc_now() + FORGET_EVERY
                except EngineUnavailableError as error:
                    _LOG.warning("sending_waits", reason=error.detail)
    finally:
        system.close()


def forget(system: Database, now: datetime) -> int:
    """Remove some of the events that are kept no longer, with their deliveries; return how many.

    Raises:
        EngineUnavailableError: Postgres does not answer.
    """
    with system.system() as rows:
        values = {"before": now - KEPT, "most": FORGOTTEN_AT_ONCE}
        return rows.execute(queries.PRUNE, values).rowcount


@dataclass
class Sending:
    """Deliveries that are under way, side by side. `system` is of the system role."""

    system: Database
    box: SecretBox
    settings: Settings
    _threads: ThreadPoolExecutor = field(init=False)
    _running: dict[Future[None], dict[str, Any]] = field(init=False, default_factory=dict)

    def __enter__(self) -> "Sending":
        self._threads = ThreadPoolExecutor(SIDE_BY_SIDE, "sending")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._threads.shutdown()

    def turn(self) -> int:
        """Begin what is due now and has room; return how many deliveries these are.

        Raises:
            EngineUnavailableError: Postgres does not answer, or did not take how one ended.
        """
        self._look_back()
        now, held = utc_now(), list(self._running.values())
        values = {
            "now": now, "until": now + LEASE, "free": SIDE_BY_SIDE - len(held),
            "of_workspace": OF_WORKSPACE, "of_endpoint": OF_ENDPOINT,
            "workspaces": [one["workspace_id"] for one in held],
            "endpoints": [one["endpoint_id"] for one in held],
        }  # fmt: skip
        with self.system.system() as rows:
            due = rows.execute(queries.LEASE, values).fetchall()
        for one in due:
            self._running[self._threads.submit(self._deliver, one)] = one
        return len(due)

    def pause(self) -> float:
        """Wait until a delivery that is under way has ended; return how long to wait still."""
        wait(self._running, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
        # Some more end in a moment, and are followed by others in one question.
        return AGAIN_SECONDS if self._running else LOOK_SECONDS

    def wait_for_all(self) -> None:
        """Wait until nothing is under way."""
        wait(self._running)
        self._look_back()

    def _look_back(self) -> None:
        """Forget what has ended; raise what was raised there."""
        for future in [one for one in self._running if one.done()]:
            del self._running[future]
            future.result()

    def _deliver(self, one: dict[str, Any]) -> None:
        answered, detail = _send(one, self.box, self.settings)
        with self.system.system() as rows:
            _note(rows, one, answered, detail, utc_now())


def _send(one: dict[str, Any], box: SecretBox, settings: Settings) -> tuple[int | None, str]:
    """Deliver once; return the status, or why there was none."""
    now = utc_now()
    context = f"{one['workspace_id']}|webhook_endpoint|{one['endpoint_id']}"
    try:
        signatures = [
            Webhook(box.open(sealed, context=context)).sign(one["event_id"], now, one["body"])
            for sealed in one["sealed_secrets"]
        ]
    except SecretUnreadableError:
        return None, "Its secret cannot be read: register the endpoint again."
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Oppulence-Webhooks/1",
        "webhook-id": one["event_id"],
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
    try:
        address = checked_address(one["url"], local_allowed=settings.outbound_local)
        answer, _ = post_to(address, one["body"].encode(), headers, seconds=DEADLINE_SECONDS)
    except (AddressRefusedError, NoAnswerError) as error:
        return None, error.detail
    return answer, "" if 200 <= answer < 300 else f"It answered {answer}."


def _note(
    rows: Rows, one: dict[str, Any], answered: int | None, detail: str, now: datetime
) -> None:
    is_delivered = answered is not None and 200 <= answered < 300
    is_last = one["attempts"] > len(PAUSES)
    names = {"workspace_id": one["workspace_id"], "endpoint_id": one["endpoint_id"]}
    state = "delivered" if is_delivered else "failed" if is_last else "waiting"
    pause = timedelta(seconds=PAUSES[min(one["attempts"], len(PAUSES)) - 1])
    rows.execute(
        queries.NOTED,
        {
            **names, "id": one["id"], "state": state, "answered": answered, "detail": detail,
            "now": now, "next": now + pause if state == "waiting" else None,
        },
    )  # fmt: skip
    if is_delivered:
        rows.execute(queries.WORKS, names)
    else:
        values = {**names, "now": now, "disabled_before": now - DISABLED_AFTER}
        rows.execute(queries.FAILS, values)
