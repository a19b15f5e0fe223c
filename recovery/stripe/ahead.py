"""What will fail if nobody does anything? A card that expires, a renewal on a card that declines.

Subjects are named by what they are about, so that each is one episode: `sub_…:pm_…:2026-12` for a
card's last month, `sub_…:1798761600` for a renewal's second.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from core.money import from_stripe
from recovery.declines import Declines
from recovery.engine.observing import Case
from recovery.stripe.attempts import attempts_of, fingerprint_of, last4_of
from recovery.stripe.client import StripeClient
from recovery.stripe.describing import expires_on, facts_of
from recovery.stripe.subscribing import period_end, product_of, told_to_end

EXPAND = ("customer.invoice_settings.default_payment_method", "default_payment_method")
EXPIRES_WITHIN_DAYS = 30
RENEWS_WITHIN_DAYS = 7
# A card whose newest try lies further back than these has been paying since.
NEWEST_CHARGES = 20


def card_case(client: StripeClient, _: Declines, subject_id: str, now: datetime) -> Case | None:
    """Return the case of a card that expires; `over` once it was replaced or nothing is due."""
    subscription_id, method_id, _month = subject_id.split(":")
    subscription = _subscription(client, subscription_id)
    return None if subscription is None else expiring(subscription, now, subject_id, method_id)


def renewal_case(
    client: StripeClient, declines: Declines, subject_id: str, now: datetime
) -> Case | None:
    """Return the case of a renewal to come; `over` once its moment has passed.

    What the card's newest try was refused for is a fact of it: how likely the renewal is to be paid
    can be asked before it fails.
    """
    subscription_id, moment = subject_id.split(":")
    subscription = _subscription(client, subscription_id)
    if subscription is None:
        return None
    case = renewing(subscription, now, subject_id, int(moment))
    charges = client.get("/v1/charges", customer=case.customer_id, limit=NEWEST_CHARGES)["data"]
    tried = [one for one in attempts_of(charges, declines) if one.fingerprint == case.fingerprint]
    if not tried or tried[-1].is_success:
        return case
    refused = {
        "decline_class": tried[-1].decline_class, "decline_code": tried[-1].decline_code,
        "decline_reason": tried[-1].decline_reason,
    }  # fmt: skip
    return replace(case, facts={**case.facts, **refused})


def subjects_ahead(
    subscription: Mapping[str, Any], now: datetime
) -> Iterator[tuple[str, str, str]]:
    """Yield what a subscription may need: kind, subject, the card's fingerprint."""
    method = _method(subscription)
    card = method.get("card") or {}
    ends = period_end(subscription)
    if not card or subscription["status"] not in ("active", "trialing") or ends is None:
        return
    if subscription.get("cancel_at_period_end"):
        return
    left = _days_left(card, now)
    if left is not None and 0 <= left <= EXPIRES_WITHIN_DAYS:
        month = f"{card['exp_year']}-{card['exp_month']:02}"
        yield "payment_method", f"{subscription['id']}:{method['id']}:{month}", ""
    if 0 <= (ends - now).total_seconds() <= RENEWS_WITHIN_DAYS * 86_400:
        name = f"{subscription['id']}:{int(ends.timestamp())}"
        yield "subscription", name, fingerprint_of(method)


def expiring(
    subscription: Mapping[str, Any], now: datetime, subject_id: str, method_id: str
) -> Case:
    """Return the case of a subscription's card that expires."""
    method = _method(subscription)
    left = _days_left(method.get("card") or {}, now)
    is_over = method.get("id") != method_id or left is None or left > EXPIRES_WITHIN_DAYS
    return _case("payment_method", "card_expiring", subscription, subject_id, is_over=is_over)


def renewing(subscription: Mapping[str, Any], now: datetime, subject_id: str, moment: int) -> Case:
    """Return the case of a subscription's renewal."""
    is_over = now.timestamp() >= moment
    return _case("subscription", "upcoming_renewal", subscription, subject_id, is_over=is_over)


def _case(
    kind: str, cause: str, subscription: Mapping[str, Any], subject_id: str, *, is_over: bool
) -> Case:
    customer, method = subscription["customer"], _method(subscription)
    items = (subscription.get("items") or {}).get("data") or []
    wire = sum((item["price"]["unit_amount"] or 0) * (item.get("quantity") or 1) for item in items)
    owed = from_stripe(wire, subscription["currency"])
    is_active = subscription["status"] in ("active", "trialing")
    return Case(
        subject_kind=kind,
        subject_id=subject_id,
        cause=cause,
        status="open" if is_active and not is_over else "over",
        customer_id=str(customer["id"]),
        subscription_id=str(subscription["id"]),
        amount_minor=owed.amount_minor,
        currency=owed.currency,
        paid_minor=0,
        paid_outside=False,
        provider_retries_at=None,
        payment_method=str(method.get("id") or ""),
        fingerprint=fingerprint_of(method),
        attempts=(),
        facts=facts_of({"customer": customer}, subscription, method, ()),
        recipient=str(customer.get("email") or ""),
        recipient_name=str(customer.get("name") or ""),
        phone=str(customer.get("phone") or ""),
        card_last4=last4_of(method),
        due_at=period_end(subscription),
        product_id=product_of(subscription),
        told_to_end_at=told_to_end(subscription),
    )


def _subscription(client: StripeClient, subscription_id: str) -> dict[str, Any] | None:
    named = {f"expand[{number}]": path for number, path in enumerate(EXPAND)}
    return client.find(f"/v1/subscriptions/{subscription_id}", **named)


def _method(subscription: Mapping[str, Any]) -> Mapping[str, Any]:
    customer = subscription.get("customer")
    settings = (customer.get("invoice_settings") if isinstance(customer, Mapping) else None) or {}
    found = subscription.get("default_payment_method") or settings.get("default_payment_method")
    return found if isinstance(found, Mapping) else {}


def _days_left(card: Mapping[str, Any], now: datetime) -> int | None:
    last = expires_on(card)
    return None if last is None else (date.fromisoformat(last) - now.date()).days
