"""Which customers were given something in their favour by hand, and when?

Support gives a third of a bill back as credit to some customers whose payments never failed, after
their last bill: what they have waits for the next, which this history does not reach. Some of it is
taken back two days later. Own random streams, so that nothing else of a life depends on it.
"""

from __future__ import annotations

from sandbox.company.billing import rounded
from sandbox.company.calendar import DAY
from sandbox.company.facts import NEVER, Customer
from sandbox.company.people import random_of

SHARE, TAKEN_BACK = 0.12, 0.3


def give_credit(seed: int, customer: Customer, until: int) -> None:
    """Enter the credit of one customer's life, if there is any."""
    random = random_of(seed, "goodwill", customer.index)
    billed = [invoice for invoice in customer.invoices if invoice.total > 0]
    declined = any(attempt.decline for invoice in billed for attempt in invoice.attempts)
    if random.random() >= SHARE or not billed or declined or customer.deleted_at != NEVER:
        return
    last = max(billed, key=lambda invoice: invoice.finalized_at)
    at = max(invoice.finalized_at for invoice in customer.invoices) + random.randrange(DAY, 9 * DAY)
    amount = rounded(customer.currency, last.total, 3)
    if at >= until or not amount:
        return
    customer.change_balance(at, -amount, "Sorry for the outage")
    if random.random() < TAKEN_BACK and at + 2 * DAY < until:
        back = rounded(customer.currency, amount, 2)
        customer.change_balance(at + 2 * DAY, back, "Given twice by mistake")
