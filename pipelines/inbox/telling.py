"""Which events of a provider do workspaces hear of from us? Payments that came, and that failed."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from core.database import Rows
from core.outbound import emit
from pipelines.inbox.meanings import Meaning

_TOLD = {"charge.succeeded": "transaction.created", "charge.failed": "payment.failed"}
_LISTENING = """
select distinct workspace_id from webhook_endpoints
where state = 'enabled' and workspace_id = any(%s)
"""


class _Event(msgspec.Struct, gc=False):
    type: str = ""


_EVENT = msgspec.json.Decoder(_Event)


def tell(rows: Rows, meanings: Iterable[Meaning], now: datetime) -> None:
    """Emit what workspaces with endpoints want to hear; a replay tells nobody anew."""
    told = [
        meaning
        for meaning in meanings
        if meaning.state is not None
        and meaning.state.object == "charge"
        and meaning.entry.origin != "replay"
        and meaning.event is not None
    ]
    if not told:
        return
    names = sorted({meaning.entry.workspace_id for meaning in told})
    listening = {row["workspace_id"] for row in rows.execute(_LISTENING, [names])}
    for meaning in told:
        entry, state = meaning.entry, meaning.state
        kind = _TOLD.get(_EVENT.decode(entry.payload).type)
        if kind is None or state is None or entry.workspace_id not in listening:
            continue
        data = {
            "transaction_id": state.id, "connection_id": entry.connection_id,
            "provider": entry.provider, "event_id": entry.event_id,
        }  # fmt: skip
        cause = f"{entry.connection_id}|{entry.event_id}"
        emit(rows, entry.workspace_id, kind, cause, data, now)
