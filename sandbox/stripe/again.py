"""What if the company's failures happened once more, now? For a copy of it on a test clock.

The newest failure of each customer is billed again as the renewal that it was, on the card that the
customer has, and declined with the code of then. From there on everything is live: the card heals
as the truth says (`sandbox.company.payments`), Stripe's own retries come as time passes, and some
customers bring another card by themselves.
"""

from __future__ import annotations

import json
from random import Random

from sandbox.company.calendar import add_months
from sandbox.company.facts import NEVER
from sandbox.company.payments import planned_fix
from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError
from sandbox.stripe.operations.invoicing import finalize, make_invoice, make_line, method_for
from sandbox.stripe.operations.session import Fields, Session
from sandbox.stripe.passing import try_automatically


def fail_again(account: Account, now: int, most: int) -> list[Fields]:
    """Bill the newest failures anew; returns each invoice, and when its payer will act, if ever."""
    failed: list[Fields] = []
    seen: set[str] = set()
    for number, failure in enumerate(reversed(account.books.failed_payments())):
        if failure["customer"] in seen or len(failed) == most:
            continue
        seen.add(failure["customer"])
        session = Session(account, now, f"req_again_{number:08d}", None)
        account.store.begin()
        try:
            invoice = _bill(session, failure)
        except BaseException:
            account.store.rollback()
            raise
        account.store.commit()
        if invoice is not None:
            acts_at = planned_fix(Random(invoice["id"]), failure["code"], None, now)  # noqa: S311
            failed.append(
                {
                    "invoice": invoice["id"], "customer": failure["customer"],
                    "subscription": failure["subscription"], "amount": invoice["amount_due"],
                    "currency": invoice["currency"], "code": failure["code"],
                    "payer_acts_at": None if acts_at == NEVER else acts_at,
                }
            )  # fmt: skip
    return failed


def _bill(session: Session, failure: Fields) -> Fields | None:
    """The failure once more; None where the customer is gone, or new, or pays by debit."""
    customer = session.find(failure["customer"])
    subscription = session.find(failure["subscription"])
    if customer is None or subscription is None or customer["created"] >= session.now:
        return None
    # As it stood when its renewal failed, whatever became of it.
    subscription |= {"status": "active", "canceled_at": None, "ended_at": None}
    session.save(subscription)
    identity = session.new_id("in")
    (item, *_) = subscription["items"]["data"]
    line = make_line(
        session, identity, item["price"]["nickname"] or "Renewal", failure["amount"], item["price"],
        1, (session.now, add_months(session.now, 1)), subscription["id"], item["id"],
    )  # fmt: skip
    invoice = make_invoice(
        session, customer, subscription, [line], "subscription_cycle", failure["currency"],
        (session.now, session.now), identity, None,
    )  # fmt: skip
    method = session.find(method_for(session, invoice))
    if method is None or method["type"] != "card":
        session.store.bury(identity, "invoice", json.dumps({"id": identity, "deleted": True}))
        return None
    session.store.set_meta(f"script:{method['id']}", json.dumps([failure["code"]]))
    invoice = finalize(session, invoice)
    try:
        try_automatically(session, invoice)
    except StripeError:
        return invoice
    raise AssertionError("a scripted refusal refuses")
