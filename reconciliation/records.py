"""What is matched with what? Plain records of payouts, deposits, accounting entries, decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Verdict = Literal[
    "matched",
    "matched_late",
    "matched_with_fee",
    "matched_group",
    "matched_converted",
    "amount_differs",
    "missing_in_bank",
    "missing_in_books",
    "duplicate",
    "in_transit",
    "failed",
    "not_covered",
    "unexplained",
]
# What a person has to look at.
UNMATCHED: frozenset[str] = frozenset(
    {"amount_differs", "missing_in_bank", "missing_in_books", "duplicate", "unexplained"}
)


@dataclass(frozen=True, slots=True)
class Payout:
    """Money that the payment provider sent to a bank; negative where it took money back.

    `key` is unique in a workspace, `id` the provider's own; `currency` is upper case.
    """

    key: str
    id: str
    currency: str
    amount_minor: int
    created_on: date
    arrives_on: date
    trace_id: str | None = None
    status: str = "paid"

    @property
    def failed(self) -> bool:
        """Whether the provider says that no money comes."""
        return self.status in ("failed", "canceled")


@dataclass(frozen=True, slots=True)
class Deposit:
    """A posted line of a bank account; positive is money in. `text` is all that the bank wrote."""

    key: str
    account: str
    booked_on: date
    currency: str
    amount_minor: int
    text: str = ""
    original_amount_minor: int | None = None
    original_currency: str | None = None
    counterparty_account: str | None = None
    counterparty: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What one document of the books debits to (positive) or credits one bank account with."""

    key: str
    account: str
    issued_on: date
    currency: str
    amount_minor: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person said of one payout and one deposit or entry: they belong together, or not."""

    payout: str
    other: str
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Span:
    """Which days are known, both ends included."""

    since: date
    until: date


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the bank and the books have shown so far: the data's own time.

    `bank` is by currency, for the accounts that are connected; without any, nothing can be said to
    be missing. `books` is None where none are connected.
    """

    bank: Mapping[str, Span] = field(default_factory=dict)
    books: Span | None = None

    def bank_for(self, currency: str) -> Span | None:
        """The days known of the accounts that a payout in a currency may arrive in."""
        if currency in self.bank:
            return self.bank[currency]
        if not self.bank:
            return None
        spans = self.bank.values()
        return Span(min(span.since for span in spans), max(span.until for span in spans))


@dataclass(frozen=True, slots=True)
class Company:
    """All that is known of one workspace's payouts, bank lines and books, and up to when."""

    payouts: Sequence[Payout]
    deposits: Sequence[Deposit]
    entries: Sequence[Entry]
    coverage: Coverage
    decisions: Sequence[Decision] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """A possible match of some things on the left with some on the right.

    `weight` grows with the evidence, which `evidence` says in words: about the natural logarithm of
    how much likelier it is than chance. A pair is taken only where it is positive.
    """

    left: tuple[str, ...]
    right: tuple[str, ...]
    weight: float
    kind: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one payout, deposit or entry.

    `verdict` is the one word; `reason` says why, `others` which payouts, deposits and entries it
    stands with, `confidence` how sure the match is (thousandths).
    """

    kind: Literal["payout", "deposit", "entry"]
    key: str
    verdict: Verdict
    bank_verdict: Verdict
    books_verdict: Verdict
    reason: str
    confidence: int
    payouts: tuple[str, ...] = ()
    deposits: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()
    difference_minor: int = 0


TransferKind = Literal["transfer", "card_payment", "loan_payment", "conversion", "topup"]
# The account under which top-ups of the payment provider stand among bank lines.
PROCESSOR = "processor"


@dataclass(frozen=True, slots=True)
class Transfer:
    """One line of an own transfer: where the money came from or went to, and why we think so."""

    key: str
    other: str
    kind: TransferKind
    confidence: int
    reason: str
