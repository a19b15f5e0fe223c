"""What becomes of a delivery that came before its connection or secret? It is verified then.

As of the moment it came, with the secrets that its connection has now. A delivery that they did not
sign is dropped.
"""

from typing import Any

from core.database import Database
from core.inbox import APPEND, Arrival, append_values
from core.logs import get_logger
from core.secrets import SecretBox
from core.tenancy import TenantId
from core.webhook_secrets import Sender, WebhookSecrets
from core.webhooks.delivery import Delivery, InvalidSignatureError, delivery_id
from core.webhooks.registry import SCHEMES

AT_ONCE = 200
_NEXT = """
select p.id, p.workspace_id, p.provider, p.connection_id, p.headers, p.payload, p.received_at
from parked_deliveries p
where exists (
    select 1 from webhook_secrets s
    join connections c on c.workspace_id = s.workspace_id and c.id = s.connection_id
    where c.provider = p.provider and c.status <> 'revoked'
      and (c.id = p.connection_id or (p.connection_id = '' and c.workspace_id = p.workspace_id)))
order by p.id limit %s
"""

log = get_logger("pipelines.inbox")


def release_parked(system: Database, application: Database, box: SecretBox) -> int:
    """Move deliveries whose connection has a secret by now; return how many were moved."""
    secrets = WebhookSecrets(application, box)
    with system.system() as rows:
        found = rows.execute(_NEXT, [AT_ONCE]).fetchall()
    released = 0
    for row in found:
        arrival = _verified(row, _senders(secrets, row))
        with system.system() as rows:
            if arrival is None:
                log.warning("a parked delivery was not signed by its connection", id=row["id"])
            else:
                rows.execute(APPEND, append_values([arrival]))
                released += 1
            rows.execute("delete from parked_deliveries where id = %s", [row["id"]])
    return released


def _senders(secrets: WebhookSecrets, row: dict[str, Any]) -> list[Sender]:
    if row["connection_id"]:
        return secrets.named(row["provider"], row["connection_id"])
    return secrets.of(TenantId(row["workspace_id"]), row["provider"])


def _verified(row: dict[str, Any], senders: list[Sender]) -> Arrival | None:
    scheme = SCHEMES[row["provider"]]
    delivery = Delivery(row["headers"], bytes(row["payload"]))
    for sender in senders:
        try:
            scheme.verify(delivery, sender.secrets, int(row["received_at"].timestamp()))
        except InvalidSignatureError:
            continue
        return Arrival(
            sender.workspace_id, row["provider"], sender.connection_id,
            delivery_id(scheme, delivery), delivery.body,
        )  # fmt: skip
    return None
