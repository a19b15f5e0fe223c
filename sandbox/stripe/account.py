"""Which accounts does this sandbox have, with which keys, versions and stores?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.company.books import Books
from sandbox.stripe.store import Store
from sandbox.stripe.versions import DEFAULT_VERSION


@dataclass(slots=True)
class Account:
    """One Stripe account."""

    id: str
    key: str
    name: str
    store: Store
    books: Books
    until_at: int
    events_from: int
    version: str = DEFAULT_VERSION
    portal_sessions: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def created(self) -> int:
        """When the account was opened."""
        return self.books.start

    def links(self, identity: str) -> tuple[str | None, str | None, str | None]:
        """The invoice, payment intent and latest charge behind an invoice's or an intent's id."""
        query = self.store.connection.execute
        intent: str | None = identity
        if identity.startswith("in_"):
            sql = (
                "select json_extract(body, '$.payment.payment_intent') from objects where "
                "kind = 'invoice_payment' and parent = ?"
            )
            row = query(sql, (identity,)).fetchone()
            intent = row[0] if row else None
        if intent is None:
            return identity, None, None
        sql = "select parent, json_extract(body, '$.latest_charge') from objects where id = ?"
        row = query(sql, (intent,)).fetchone()
        invoice, charge = row if row else (None, None)
        return (identity if identity.startswith("in_") else invoice), intent, charge
