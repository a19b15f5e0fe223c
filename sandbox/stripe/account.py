"""Which accounts does this sandbox have, with which keys, versions and stores?"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.stripe.store import Store
from sandbox.stripe.versions import DEFAULT_VERSION


@dataclass(slots=True)
class Account:
    """One Stripe account."""

    id: str
    key: str
    name: str
    store: Store
    until_at: int
    events_from: int
    version: str = DEFAULT_VERSION

    def links(self, intent: str) -> tuple[str | None, str | None]:
        """The invoice and latest charge of a payment intent."""
        row = self.store.connection.execute(
            "select json_extract(body, '$.payment_details.order_reference'), json_extract(body, '$.latest_charge') from objects where id = ?",
            (intent,),
        ).fetchone()
        return (None, None) if row is None else (row[0], row[1])
