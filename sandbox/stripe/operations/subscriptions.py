"""What can be done with subscriptions?

Create (and collect), change prices and seats, set the method, cancel.
"""

from __future__ import annotations

import json

from sandbox.company.calendar import DAY, add_months
from sandbox.company.catalog import round_half_up
from sandbox.stripe import shapes
from sandbox.stripe.errors import StripeError, invalid, required
from sandbox.stripe.forms import as_bool, as_int, as_list
from sandbox.stripe.operations.invoicing import collect, finalize, make_invoice, make_line
from sandbox.stripe.operations.session import Fields, Session, metadata

_OPEN = frozenset({"active", "trialing", "past_due", "unpaid", "incomplete", "paused"})


def _item(
    session: Session, subscription: str, price: Fields, quantity: int, period: tuple[int, int]
) -> Fields:
    plan = session.store.body(f"plan:{price['id']}") or "null"
    value: Fields = json.loads(shapes.SUBSCRIPTION_ITEM({
        "id": session.new_id("si"), "created": session.now, "period_start": period[0],
        "period_end": period[1], "plan": plan,
        "price": json.dumps(price), "quantity": quantity, "subscription": subscription,
    }))  # fmt: skip
    return value


def _hold(session: Session, subscription: Fields, items: list[Fields]) -> None:
    for item in items:
        session.save(item)
    url = f"/v1/subscription_items?subscription={subscription['id']}"
    subscription["items"] = {
        "object": "list",
        "data": items[:10],
        "has_more": len(items) > 10,
        "url": url,
    }


def create(session: Session, params: Fields) -> Fields:
    """POST /v1/subscriptions."""
    if "customer" not in params:
        raise required("customer")
    customer = session.load("customer", params["customer"], "customer")
    wanted = as_list(params.get("items") or [], "items")
    if not wanted or not all(isinstance(item, dict) for item in wanted):
        raise required("items")
    identity, now = session.new_id("sub"), session.now
    trial = as_int(params.get("trial_period_days", 0), "trial_period_days")
    prices = [
        session.load("price", item.get("price"), f"items[{place}][price]")
        for place, item in enumerate(wanted)
    ]
    months = 12 if prices[0]["recurring"]["interval"] == "year" else 1
    period = (now, now + trial * DAY if trial else add_months(now, months))
    items = [
        _item(session, identity, price, as_int(item.get("quantity", 1), "quantity"), period)
        for price, item in zip(prices, wanted, strict=True)
    ]
    value: Fields = json.loads(shapes.SUBSCRIPTION({
        "id": identity, "anchor": period[1] if trial else now, "cancel_at": "null",
        "at_period_end": "false", "canceled_at": "null",
        "feedback": "null", "reason": "null", "created": now, "currency": prices[0]["currency"],
        "customer": customer["id"], "method": "null",
        "tax_rates": "[]", "discounts": "[]", "ended_at": "null", "items": "null",
        "latest_invoice": "null",
        "status": "trialing" if trial else "incomplete",
        "trial_end": period[1] if trial else "null", "trial_start": now if trial else "null",
    }))  # fmt: skip
    value["metadata"] = metadata({}, params)
    if "default_payment_method" in params:
        value["default_payment_method"] = session.load(
            "payment_method", params["default_payment_method"], "default_payment_method"
        )["id"]
    if "default_tax_rates" in params:
        value["default_tax_rates"] = [
            session.load("tax_rate", rate, "default_tax_rates")
            for rate in as_list(params["default_tax_rates"], "default_tax_rates")
        ]
    _hold(session, value, items)
    session.save(value)
    session.emit("customer.subscription.created", value)
    session.remember("subscription_created", subscription=identity, status=value["status"])
    _bill(session, customer, value, items, period, "subscription_create", trial > 0)
    if params.get("payment_behavior") != "default_incomplete" and not trial:
        try:
            collect(
                session,
                session.load("invoice", value["latest_invoice"]),
                None,
                as_bool(params.get("off_session", "false"), "off_session"),
            )
        except StripeError as error:
            if (
                params.get("payment_behavior") == "error_if_incomplete"
                or error.fields.get("code") == "resource_missing"
            ):
                error.rolls_back = True
                raise
    return session.load("subscription", identity)


def _bill(
    session: Session,
    customer: Fields,
    subscription: Fields,
    items: list[Fields],
    period: tuple[int, int],
    reason: str,
    trial: bool,
) -> None:
    identity = session.new_id("in")
    lines = []
    for item in items:
        price = item["price"]
        amount = 0 if trial else price["unit_amount"] * item["quantity"]
        text = f"{item['quantity']} × {price['nickname'] or price['id']}"
        lines.append(
            make_line(
                session,
                identity,
                text,
                amount,
                price,
                item["quantity"],
                period,
                subscription["id"],
                item["id"],
            )
        )
    rates = subscription["default_tax_rates"]
    invoice = make_invoice(
        session,
        customer,
        subscription,
        lines,
        reason,
        subscription["currency"],
        (session.now, session.now),
        identity,
        rates[0] if rates else None,
    )
    finalize(session, invoice)
    session.change(subscription, {"latest_invoice": identity}, "customer.subscription.updated")


def update(session: Session, params: Fields, identity: str) -> Fields:
    """POST /v1/subscriptions/{id}."""
    value = session.load("subscription", identity)
    if value["status"] not in _OPEN:
        raise invalid(
            "A canceled subscription can only update its cancellation_details and metadata.",
            code="subscription_canceled",
        )
    changes: Fields = {"metadata": metadata(value, params)}
    if "default_payment_method" in params:
        given = params["default_payment_method"]
        changes["default_payment_method"] = (
            session.load("payment_method", given, "default_payment_method")["id"] if given else None
        )
    if "cancel_at_period_end" in params:
        ends = as_bool(params["cancel_at_period_end"], "cancel_at_period_end")
        end = max(item["current_period_end"] for item in value["items"]["data"])
        reason = "cancellation_requested" if ends else None
        changes |= {
            "cancel_at_period_end": ends, "cancel_at": end if ends else None,
            "canceled_at": session.now if ends else None,
            "cancellation_details": {"comment": None, "feedback": None, "reason": reason},
        }  # fmt: skip
    if "pause_collection" in params:
        given = params["pause_collection"]
        changes["pause_collection"] = (
            {"behavior": given["behavior"], "resumes_at": None} if given else None
        )
    if "items" in params:
        before = {"items": value["items"]}
        _change_items(
            session,
            value,
            as_list(params["items"], "items"),
            str(params.get("proration_behavior", "create_prorations")),
        )
        session.save(value)
        session.emit("customer.subscription.updated", value, before)
        session.remember("subscription_changed", subscription=identity)
    return session.change(value, changes, "customer.subscription.updated")


def _change_items(
    session: Session, subscription: Fields, wanted: list[Fields], behaviour: str
) -> None:
    items = {
        item["id"]: item
        for item in reversed(session.children("subscription_item", subscription["id"]))
    }
    for place, change in enumerate(wanted):
        known = items.get(str(change.get("id")))
        if known is None:
            if "id" in change:
                raise invalid(
                    f"No such subscription item: '{change['id']}'",
                    f"items[{place}][id]",
                    "resource_missing",
                )
            first = next(iter(items.values()))
            price = session.load("price", change.get("price"), f"items[{place}][price]")
            period = (first["current_period_start"], first["current_period_end"])
            new = _item(
                session,
                subscription["id"],
                price,
                as_int(change.get("quantity", 1), "quantity"),
                period,
            )
            _prorate(session, subscription, None, new, behaviour)
            items[new["id"]] = new
            continue
        old = json.loads(json.dumps(known))
        if as_bool(change.get("deleted", "false"), "deleted"):
            _prorate(session, subscription, old, None, behaviour)
            del items[known["id"]]
            session.store.bury(
                known["id"],
                "subscription_item",
                json.dumps({"id": known["id"], "object": "subscription_item", "deleted": True}),
            )
            continue
        if "price" in change:
            known["price"] = session.load("price", change["price"], f"items[{place}][price]")
            known["plan"] = json.loads(session.store.body(f"plan:{known['price']['id']}") or "null")
        if "quantity" in change:
            known["quantity"] = as_int(change["quantity"], "quantity")
        _prorate(session, subscription, old, known, behaviour)
    _hold(session, subscription, list(items.values()))


def _prorate(
    session: Session, subscription: Fields, old: Fields | None, new: Fields | None, behaviour: str
) -> None:
    if behaviour == "none" or subscription["status"] == "trialing":
        return
    for sign, word, item in ((-1, "Unused", old), (1, "Remaining", new)):
        if item is None:
            continue
        price, end, start = item["price"], item["current_period_end"], item["current_period_start"]
        amount = sign * round_half_up(
            price["unit_amount"] * item["quantity"] * max(end - session.now, 0), end - start
        )
        pending: Fields = json.loads(shapes.INVOICEITEM({
            "id": session.new_id("ii"), "amount": amount, "currency": price["currency"],
            "customer": subscription["customer"], "date": session.now,
            "description": json.dumps(f"{word} time on {item['quantity']} × "
            f"{price['nickname'] or price['id']}"), "invoice": "null",
            "subscription": subscription["id"], "item": item["id"], "start": session.now,
            "end": end, "price": price["id"],
            "product": price["product"], "unit": price["unit_amount"], "quantity": item["quantity"],
        }))  # fmt: skip
        session.save(pending)
        session.emit("invoiceitem.created", pending)


def cancel(session: Session, params: Fields, identity: str) -> Fields:
    """DELETE /v1/subscriptions/{id}: at once."""
    value = session.load("subscription", identity)
    if value["status"] not in _OPEN:
        raise StripeError(
            404,
            "invalid_request_error",
            f"No such subscription: '{identity}'",
            code="resource_missing",
            param="id",
        )
    details = params.get("cancellation_details") or {}
    value |= {
        "status": "canceled", "canceled_at": session.now, "ended_at": session.now,
        "cancel_at_period_end": False,
        "cancellation_details": {"comment": details.get("comment"),
        "feedback": details.get("feedback"), "reason": "cancellation_requested"},
    }  # fmt: skip
    session.save(value)
    session.emit("customer.subscription.deleted", value)
    session.remember("subscription_canceled", subscription=identity)
    return value


ROUTES = [
    ("POST", "/v1/subscriptions", create),
    ("POST", "/v1/subscriptions/{id}", update),
    ("DELETE", "/v1/subscriptions/{id}", cancel),
]
