"""Which facts do Stripe's objects tell for a flow's conditions?"""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from recovery.engine.clocks import zone_named
from recovery.engine.observing import SeenAttempt
from recovery.flows.facts import Fact, Facts

MOST_METADATA = 30


def facts_of(
    source: Mapping[str, Any],
    subscription: Mapping[str, Any],
    method: Mapping[str, Any],
    attempts: Sequence[SeenAttempt],
) -> Facts:
    """Return what is known; what is not is left out. Nothing here changes as time passes.

    Args:
        source: The invoice, payment intent or charge, its customer expanded.
        subscription: Its subscription; empty for none.
        method: What would be charged next; empty for none.
        attempts: The tries, oldest first.
    """
    customer = source.get("customer") if isinstance(source.get("customer"), Mapping) else {}
    assert isinstance(customer, Mapping)
    card = method.get("card") or {}
    newest = attempts[-1] if attempts else None
    address = customer.get("address") or source.get("customer_address") or {}
    locales = customer.get("preferred_locales") or []
    metadata = {**(customer.get("metadata") or {}), **(subscription.get("metadata") or {})}
    zone = str(metadata.get("timezone") or "")
    failed = [one for one in attempts if not one.is_success]
    known: dict[str, Fact | None] = {
        "decline_class": newest.decline_class if newest and not newest.is_success else "none",
        "decline_code": failed[-1].decline_code if failed else None,
        "decline_reason": failed[-1].decline_reason if failed else None,
        "attempts": len(attempts),
        "payment_method_type": method.get("type") or ("card" if card else None),
        "card_brand": card.get("brand"),
        "card_funding": card.get("funding"),
        "card_country": card.get("country"),
        "card_expires_on": expires_on(card),
        "due_at": source.get("due_date"),
        "country": address.get("country"),
        "timezone": zone if zone and zone_named(zone) else None,
        "locale": locales[0] if locales else None,
        "plans": plans_of(subscription),
        "customer_since": customer.get("created"),
        "subscription_status": subscription.get("status"),
        "has_email": bool(customer.get("email") or source.get("customer_email")),
        "has_payment_method": bool(method),
    }
    for name in sorted(metadata)[:MOST_METADATA]:
        known[f"metadata.{name}"] = str(metadata[name])[:200]
    return {name: value for name, value in known.items() if value is not None and value != ()}


def expires_on(card: Mapping[str, Any]) -> str | None:
    """Return the last day of a card's last month."""
    month, year = card.get("exp_month"), card.get("exp_year")
    if not month or not year:
        return None
    return date(int(year), int(month), monthrange(int(year), int(month))[1]).isoformat()


def plans_of(subscription: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a subscription's prices by id and nickname, and its products."""
    found: dict[str, None] = {}
    for item in (subscription.get("items") or {}).get("data") or []:
        price = item.get("price") or {}
        for name in (price.get("id"), price.get("nickname"), price.get("product")):
            if name:
                found[str(name)] = None
    return tuple(found)
