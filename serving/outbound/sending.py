"""How does an event of ours reach an endpoint? Signed, retried for days, never into our network.

Signatures are Standard Webhooks', by its library. Pauses grow from seconds to hours; an endpoint
that takes nothing for five days is disabled, and says so.
"""

import base64
import secrets as chance
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import httpx
from standardwebhooks import Webhook

from core.clock import utc_now
from core.database import Database, Rows
from core.errors import EngineUnavailableError
from core.logs import get_logger
from core.outbound_address import AddressRefusedError, checked_address, post_to
from core.secrets import SecretBox
from core.settings import Settings
from serving.outbound import queries

LOOK_SECONDS = 1.0
SIDE_BY_SIDE = 16
TIMEOUT_SECONDS = 15.0
LEASE = timedelta(minutes=5)
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
    try:
        while not stop_event.wait(LOOK_SECONDS):
            try:
                while not stop_event.is_set() and send_due(system, box, settings):
                    pass
            except EngineUnavailableError as error:
                _LOG.warning("sending_waits", reason=error.detail)
    finally:
        system.close()


def send_due(system: Database, box: SecretBox, settings: Settings) -> int:
    """Send what is due now; return how many deliveries there were.

    Raises:
        EngineUnavailableError: Postgres does not answer.
    """
    now = utc_now()
    with system.system() as rows:
        due = rows.execute(queries.LEASE, {"now": now, "until": now + LEASE}).fetchall()

    def deliver(one: dict[str, Any]) -> None:
        answered, detail = _send(one, box, settings)
        with system.system() as rows:
            _note(rows, one, answered, detail, utc_now())

    if due:
        # Side by side: an endpoint that does not answer must not keep the others waiting.
        with ThreadPoolExecutor(SIDE_BY_SIDE, "sending") as threads:
            list(threads.map(deliver, due))
    return len(due)


def _send(one: dict[str, Any], box: SecretBox, settings: Settings) -> tuple[int | None, str]:
    """Deliver once; return the status, or why there was none."""
    now = utc_now()
    context = f"{one['workspace_id']}|webhook_endpoint|{one['endpoint_id']}"
    signatures = [
        Webhook(box.open(sealed, context=context)).sign(one["event_id"], now, one["body"])
        for sealed in one["sealed_secrets"]
    ]
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Oppulence-Webhooks/1",
        "webhook-id": one["event_id"],
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
    try:
        address = checked_address(one["url"], local_allowed=settings.outbound_local)
        answer, _ = post_to(address, one["body"].encode(), headers, timeout=TIMEOUT_SECONDS)
    except AddressRefusedError as error:
        return None, error.detail
    except httpx.HTTPError as error:
        return None, f"No answer: {type(error).__name__}"
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
