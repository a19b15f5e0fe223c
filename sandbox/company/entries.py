"""Which balance movements does a customer's life hold?

One walk over the facts, used by the wire and the books.
"""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.company.facts import Customer, Entry


def entries_of(customer: Customer) -> Iterator[Entry]:
    """Every movement of the company's balance that one customer caused."""
    for invoice in customer.invoices:
        for attempt in invoice.attempts:
            if attempt.entry is not None:
                yield attempt.entry
            if attempt.failure_entry is not None:
                yield attempt.failure_entry
            for refund in attempt.refunds:
                yield refund.entry
            if attempt.dispute is not None:
                yield attempt.dispute.entry
                if attempt.dispute.reversal is not None:
                    yield attempt.dispute.reversal
