"""How does Stripe show customers, their methods and their subscriptions at a moment?"""

from __future__ import annotations

import json

from sandbox.company.facts import NEVER, Credit, Customer, Discount, Item, Method, Subscription
from sandbox.stripe import shapes
from sandbox.stripe.render_catalog import CatalogTexts
from sandbox.stripe.template import array, boolean, embedded_list, number, quoted


def tax_exempt(customer: Customer) -> str:
    """Whether the tax is the customer's own duty."""
    return "reverse" if customer.vat_id is not None and customer.tax_rate is None else "none"


def address(customer: Customer) -> dict[str, str]:
    """The slots of a customer's address."""
    return {
        "city": json.dumps(customer.city), "country": customer.country,
        "line1": json.dumps(customer.line1), "postal_code": quoted(customer.postal_code),
    }  # fmt: skip


def render_customer(customer: Customer, at: int) -> str:
    """A customer as of a moment."""
    if at >= customer.deleted_at:
        return f'{{"id":"{customer.id}","object":"customer","deleted":true}}'
    method = next((method.id for since, method in reversed(customer.defaults) if since <= at), None)
    delinquent = next((flag for since, flag in reversed(customer.delinquent) if since <= at), False)
    return shapes.CUSTOMER({
        "id": customer.id, "balance": customer.balance_at(at), "created": customer.created,
        "currency": customer.currency,
        "delinquent": boolean(delinquent),
        "email": customer.email, "prefix": customer.prefix, "method": quoted(method),
        "index": customer.index, "name": customer.name,
        "sequence": customer.sequence + 1, "phone": quoted(customer.phone),
        "tax_exempt": tax_exempt(customer), **address(customer),
    })  # fmt: skip


def render_credit(customer: Customer, credit: Credit) -> str:
    """A change by hand of what the customer has in their favour."""
    return shapes.BALANCE_TRANSACTION({
        "id": credit.id, "amount": credit.amount, "created": credit.at,
        "currency": customer.currency, "customer": customer.id,
        "description": quoted(credit.reason), "balance": credit.balance, "invoice": "null",
        "type": "adjustment",
    })  # fmt: skip


def render_tax_id(customer: Customer) -> str:
    """The tax number of a business customer."""
    kind = {"GB": "gb_vat", "JP": "jp_cn"}.get(customer.country, "eu_vat")
    return shapes.TAX_ID({
        "id": customer.vat_object_id, "country": customer.country, "created": customer.created,
        "customer": customer.id,
        "type": kind, "value": customer.vat_id, "name": customer.name,
    })  # fmt: skip


def method_customer(customer: Customer, method: Method, at: int) -> str | None:
    """Whose method it is at a moment; a deleted customer's methods are nobody's."""
    return (
        customer.id if method.created <= at < min(method.detached_at, customer.deleted_at) else None
    )


def render_method(customer: Customer, method: Method, at: int) -> str:
    """A payment method as of a moment."""
    slots = {
        "id": method.id, "country": method.country, "email": customer.email, "name": customer.name,
        "created": method.created - 20,
        "customer": quoted(method_customer(customer, method, at)),
        "fingerprint": method.fingerprint, "last4": method.last4,
    }  # fmt: skip
    if method.kind == "sepa_debit":
        return shapes.DEBIT_METHOD({**slots, "setup_attempt": method.setup_attempt_id})
    return shapes.CARD_METHOD(
        {
            **slots,
            "brand": method.brand,
            "exp_month": method.exp_month,
            "exp_year": method.exp_year,
            "funding": method.funding,
        }
    )


def mandate_id(method: Method) -> str:
    """The mandate behind a bank debit."""
    return "mandate" + method.id[2:]


def render_setup_intent(customer: Customer, method: Method, at: int) -> str:
    """The setup that saved a method; it begins twenty seconds before it is done."""
    done = at >= method.created
    return shapes.SETUP_INTENT({
        "id": method.setup_id, "secret": f"{method.setup_id}_secret_{method.fingerprint}",
        "created": method.created - 20,
        "customer": quoted(customer.id),
        "attempt": quoted(method.setup_attempt_id if done else None),
        "mandate": quoted(mandate_id(method) if done and method.kind == "sepa_debit" else None),
        "method": quoted(method.id if done else None),
        "kind": method.kind, "status": "succeeded" if done else "requires_payment_method",
    })  # fmt: skip


def render_setup_attempt(customer: Customer, method: Method) -> str:
    """The one attempt of a setup."""
    return shapes.SETUP_ATTEMPT({
        "id": method.setup_attempt_id, "created": method.created, "customer": customer.id,
        "method": method.id, "kind": method.kind,
        "intent": method.setup_id,
    })  # fmt: skip


def active_discount(subscription: Subscription, at: int) -> Discount | None:
    """The discount a subscription still carries; one for once is spent by the first invoice."""
    discount = subscription.discount
    if (
        discount is None
        or discount.coupon.duration == "once"
        or (discount.end is not None and at >= discount.end)
    ):
        return None
    return discount


def render_item(
    subscription: Subscription, item: Item, period: tuple[int, int], texts: CatalogTexts
) -> str:
    """One subscription item with its current period."""
    item_shape = shapes.METERED_ITEM if item.price.meter else shapes.SUBSCRIPTION_ITEM
    return item_shape({
        "id": item.id, "created": subscription.created, "period_start": period[0],
        "period_end": period[1], "plan": texts.plans[item.price.id],
        "price": texts.prices[item.price.id], "quantity": item.quantity,
        "subscription": subscription.id,
    })  # fmt: skip


def period_at(subscription: Subscription, at: int) -> tuple[int, int]:
    """The current period at a moment."""
    found = subscription.periods[0]
    for period in subscription.periods:
        if period[0] > at:
            break
        found = period
    return found[1], found[2]


def render_items(subscription: Subscription, at: int, texts: CatalogTexts) -> list[str]:
    """Every item as of a moment, the newest terms."""
    period = period_at(subscription, at)
    return [render_item(subscription, item, period, texts) for item in subscription.items_at(at)]


def render_subscription(subscription: Subscription, at: int, texts: CatalogTexts) -> str:
    """A subscription as of a moment, its first ten items inside."""
    items = render_items(subscription, at, texts)
    discount = active_discount(subscription, at)
    ended = subscription.ended_at if at >= subscription.ended_at else None
    asked = at >= subscription.cancel_requested_at
    waits = asked and subscription.cancel_at > subscription.cancel_requested_at
    method = next(
        (method.id for since, method in reversed(subscription.methods) if since <= at), None
    )
    invoice = next(
        (invoice for since, invoice in reversed(subscription.latest_invoices) if since <= at), None
    )
    rate = subscription.customer.tax_rate
    trialed = subscription.trial_end is not None
    return shapes.SUBSCRIPTION({
        "id": subscription.id, "anchor": subscription.anchor,
        "cancel_at": number(subscription.cancel_at if waits else None),
        "at_period_end": boolean(waits and ended is None),
        "canceled_at": number(subscription.cancel_requested_at if asked else None),
        "feedback": quoted(subscription.cancel_feedback if asked else None),
        "reason": quoted(subscription.cancel_reason if asked else None),
        "created": subscription.created, "currency": subscription.customer.currency,
        "customer": subscription.customer.id,
        "method": quoted(method), "tax_rates": array([texts.tax_rates[rate.id]] if rate else []),
        "discounts": array([quoted(discount.id)] if discount else []), "ended_at": number(ended),
        "items": embedded_list(items[:10], f"/v1/subscription_items?subscription={subscription.id}",
        len(items) > 10),
        "latest_invoice": quoted(invoice), "status": subscription.status_at(at),
        "trial_end": number(subscription.trial_end),
        "trial_start": number(subscription.created if trialed else None),
    })  # fmt: skip


def render_discount(subscription: Subscription, discount: Discount, at: int | None = None) -> str:
    """A discount as an object of its own: as it is expanded at a moment; in events as it was."""
    is_over = at is not None and active_discount(subscription, at) is None
    return (shapes.DELETED_DISCOUNT if is_over else shapes.DISCOUNT)({
        "id": discount.id, "customer": subscription.customer.id, "end": number(discount.end),
        "promotion": quoted(discount.promotion),
        "coupon": discount.coupon.id, "start": discount.start, "subscription": subscription.id,
    })  # fmt: skip


def gone_at(customer: Customer) -> int | None:
    """When the customer was deleted, None while they are here."""
    return None if customer.deleted_at == NEVER else customer.deleted_at
