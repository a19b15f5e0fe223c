"""What does Stripe do by itself as time passes? Renewals and retries of what was made live.

The company's own history ends with its last day; subscriptions and invoices that a test made go on
when it moves the clock with `lives`. A renewal is drafted at the period's end and collected an hour
later; a declined one is tried again 2, 5, 9 and 14 days after (while `auto_advance` holds), then
the subscription is canceled. What is due is done in its order, each at its own moment.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sandbox.company.calendar import DAY, add_months
from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError
from sandbox.stripe.operations.invoicing import collect, finalize, make_invoice, make_line
from sandbox.stripe.operations.session import Fields, Session
from sandbox.stripe.webhooks import Courier

RETRY_DAYS = (2, 5, 9, 14)
HOUR = 3_600
_LIVE = "select body from objects where kind = ? and id like ? and status in ({})"


def pass_time(account: Account, courier: Courier, since: int, until: int) -> int:
    """Live through a span; returns how many things happened by themselves."""
    number = 0
    while (due := _next(account, until)) is not None:
        moment, kind, value = due
        session = Session(account, max(moment, since), f"req_time_{number:08d}", None)
        account.store.begin()
        try:
            _DO[kind](session, value)
        except StripeError:
            pass  # a decline: its failure was recorded where it happened
        except BaseException:
            account.store.rollback()
            raise
        account.store.commit()
        wanted = {event: session.endpoints(name) for event, name in session.told}
        courier.send(account, [event for event, _ in session.told], wanted)
        number += 1
    return number


def script_card(account: Account, method: str, script: list[str | None]) -> None:
    """Say what a method's next attempts get, and make it a card of its own."""
    body = account.store.body(method)
    if body is None:
        raise KeyError(method)
    value: Fields = json.loads(body)
    if value.get("card"):
        value["card"]["fingerprint"] = hashlib.blake2b(method.encode(), digest_size=8).hexdigest()
    session = Session(account, int(value["created"]), "req_script", None)
    session.save(value)
    account.store.set_meta(f"script:{method}", json.dumps(script))


def _next(account: Account, until: int) -> tuple[int, str, Fields] | None:
    """The earliest thing that is due by then."""
    due: list[tuple[int, str, Fields]] = []
    for value in _live(account, "subscription", "sub_1NwLive%", ("active", "trialing", "past_due")):
        due.append((_period_end(value), "renew", value))
    for value in _live(account, "invoice", "in_1NwLive%", ("draft",)):
        if value["automatically_finalizes_at"]:
            due.append((value["automatically_finalizes_at"], "collect", value))
    for value in _live(account, "invoice", "in_1NwLive%", ("open",)):
        if value["auto_advance"] and value["next_payment_attempt"]:
            due.append((value["next_payment_attempt"], "retry", value))
    due = [each for each in due if each[0] <= until]
    return min(due, key=lambda each: (each[0], each[2]["id"]), default=None)


def _live(account: Account, kind: str, name: str, statuses: tuple[str, ...]) -> list[Fields]:
    sql = _LIVE.format(", ".join("?" for _ in statuses))
    found = account.store.connection.execute(sql, (kind, name, *statuses))
    return [json.loads(row[0]) for row in found]


def _period_end(subscription: Fields) -> int:
    return max(int(item["current_period_end"]) for item in subscription["items"]["data"])


def _renew(session: Session, subscription: Fields) -> None:
    if subscription["cancel_at_period_end"]:
        _cancel(session, subscription, "cancellation_requested")
        return
    items, start = subscription["items"]["data"], _period_end(subscription)
    months = 12 if items[0]["price"]["recurring"]["interval"] == "year" else 1
    end = add_months(start, months)
    for item in items:
        item |= {"current_period_start": start, "current_period_end": end}
        session.save(item)
    changes: dict[str, Any] = {"items": subscription["items"]}
    if subscription["status"] == "trialing":
        changes["status"] = "active"
    identity = session.new_id("in")
    customer = session.load("customer", subscription["customer"])
    lines = [
        make_line(
            session, identity, f"{item['quantity']} × {item['price']['nickname'] or ''}",
            item["price"]["unit_amount"] * item["quantity"], item["price"], item["quantity"],
            (start, end), subscription["id"], item["id"],
        )
        for item in items
    ]  # fmt: skip
    rates = subscription["default_tax_rates"]
    invoice = make_invoice(
        session, customer, subscription, lines, "subscription_cycle", subscription["currency"],
        (start, start), identity, rates[0] if rates else None,
    )  # fmt: skip
    is_paused = bool(subscription.get("pause_collection"))
    finalizes_at = None if is_paused else session.now + HOUR
    session.change(
        invoice,
        {"automatically_finalizes_at": finalizes_at, "auto_advance": not is_paused},
        "invoice.updated",
    )
    changes["latest_invoice"] = identity
    session.save(subscription)
    session.change(subscription, changes, "customer.subscription.updated")


def _collect(session: Session, invoice: Fields) -> None:
    invoice = finalize(session, invoice)
    if invoice["status"] == "open":
        try_automatically(session, invoice)


def try_automatically(session: Session, invoice: Fields) -> None:
    """One automatic attempt, and what follows from its refusal."""
    details = (invoice.get("parent") or {}).get("subscription_details") or {}
    number = int(invoice["attempt_count"]) + 1
    first = int(invoice["status_transitions"]["finalized_at"])
    again = first + RETRY_DAYS[number - 1] * DAY if number <= len(RETRY_DAYS) else None
    session.change(invoice, {"attempt_count": number, "next_payment_attempt": again}, None)
    subscription = session.find(details.get("subscription"))
    try:
        collect(session, invoice, None, off_session=True)
    except StripeError as declined:
        if declined.fields.get("advice_code") == "do_not_try_again":
            again = first  # Stripe's own retries rest until there is another method
            session.change(invoice, {"next_payment_attempt": None}, "invoice.updated")
        if subscription is None:
            raise
        if again is None:
            _cancel(session, subscription, "payment_failed")
        elif subscription["status"] == "active":
            session.change(subscription, {"status": "past_due"}, "customer.subscription.updated")
        raise


def _cancel(session: Session, subscription: Fields, reason: str) -> None:
    subscription |= {
        "status": "canceled", "canceled_at": session.now, "ended_at": session.now,
        "cancellation_details": {"comment": None, "feedback": None, "reason": reason},
    }  # fmt: skip
    session.save(subscription)
    session.emit("customer.subscription.deleted", subscription)
    session.remember("subscription_canceled", subscription=subscription["id"])


_DO = {"renew": _renew, "collect": _collect, "retry": try_automatically}
