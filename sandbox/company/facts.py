"""What shapes do the company's facts have?

Plain records, filled while a customer's life is lived and never changed after. Every change
carries its
time, so that a projection can show any object as it was at any moment (`as_of`) from one record.
Times are seconds since the epoch, UTC. Ids carry the wire's prefixes, because the same id names the
same fact in every provider and in the books.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.company.catalog import Coupon, Price, TaxRate

NEVER = 1 << 60


@dataclass(slots=True)
class Method:
    """A card or bank debit that a customer pays with."""

    id: str
    kind: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    country: str
    funding: str
    fingerprint: str
    created: int
    setup_id: str
    setup_attempt_id: str
    detached_at: int = NEVER


@dataclass(slots=True)
class Discount:
    """A coupon given to one subscription."""

    id: str
    coupon: Coupon
    start: int
    end: int | None
    promotion: str | None = None


@dataclass(slots=True)
class Item:
    """One price on a subscription, with its number of seats."""

    id: str
    price: Price
    quantity: int


@dataclass(slots=True)
class Subscription:
    """One agreement, with everything that ever changed about it."""

    id: str
    customer: Customer
    created: int
    anchor: int
    trial_end: int | None
    discount: Discount | None
    terms: list[tuple[int, tuple[Item, ...]]]
    statuses: list[tuple[int, str]]
    periods: list[tuple[int, int, int]] = field(default_factory=list)
    latest_invoices: list[tuple[int, str]] = field(default_factory=list)
    methods: list[tuple[int, Method]] = field(default_factory=list)
    cancel_requested_at: int = NEVER
    cancel_at: int = NEVER
    ended_at: int = NEVER
    cancel_reason: str | None = None
    cancel_feedback: str | None = None

    def status_at(self, at: int) -> str:
        """The status that held at a moment."""
        found = self.statuses[0][1]
        for since, status in self.statuses:
            if since > at:
                break
            found = status
        return found

    def items_at(self, at: int) -> tuple[Item, ...]:
        """The items that held at a moment."""
        found = self.terms[0][1]
        for since, items in self.terms:
            if since > at:
                break
            found = items
        return found


@dataclass(slots=True)
class Line:
    """One line of an invoice; `amount` is before discount and tax."""

    id: str
    description: str
    amount: int
    quantity: int
    price: Price | None
    item_id: str | None
    start: int
    end: int
    proration: bool = False
    pending_id: str | None = None
    pending_created: int = 0
    discount: int = 0
    tax: int = 0


@dataclass(slots=True)
class Entry:
    """One movement of the company's balance at the payment provider, in the settlement currency."""

    id: str
    created: int
    available_on: int
    type: str
    category: str
    amount: int
    fee: int
    currency: str
    source: str
    description: str
    # One of minor units, as the provider writes it; None where nothing was converted.
    exchange_rate: str | None = None

    @property
    def net(self) -> int:
        """What the balance changed by."""
        return self.amount - self.fee


@dataclass(slots=True)
class Attempt:
    """One try to collect an invoice; `by_customer` where it is outside the retry schedule."""

    id: str
    at: int
    method: Method
    decline: str | None
    by_customer: bool = False
    entry: Entry | None = None
    settled_at: int | None = None
    failed_at: int | None = None
    failure_entry: Entry | None = None
    refunds: list[Refund] = field(default_factory=list)
    dispute: Dispute | None = None

    @property
    def succeeded_at(self) -> int:
        """When the money was the company's, NEVER where it was not."""
        if self.decline is not None or self.failed_at is not None:
            return NEVER
        return NEVER if self.settled_at is None else self.settled_at


@dataclass(slots=True)
class Invoice:
    """One bill, its collection and its end."""

    id: str
    number: str
    customer: Customer
    subscription: Subscription | None
    reason: str
    created: int
    finalized_at: int
    period_start: int
    period_end: int
    lines: list[Line]
    subtotal: int
    discount: int
    tax: int
    total: int
    tax_rate: TaxRate | None
    intent_id: str
    payment_id: str
    attempts: list[Attempt] = field(default_factory=list)
    retries: list[tuple[int, int | None]] = field(default_factory=list)
    paid_at: int = NEVER
    uncollectible_at: int = NEVER
    voided_at: int = NEVER
    credit_notes: list[CreditNote] = field(default_factory=list)


@dataclass(slots=True)
class Refund:
    """Money given back on one attempt."""

    id: str
    invoice: Invoice
    attempt: Attempt
    at: int
    amount: int
    reason: str | None
    entry: Entry


@dataclass(slots=True)
class Dispute:
    """A payer's bank taking one payment back."""

    id: str
    invoice: Invoice
    attempt: Attempt
    at: int
    amount: int
    reason: str
    entry: Entry
    evidence_at: int = NEVER
    closed_at: int = NEVER
    won: bool = False
    reversal: Entry | None = None


@dataclass(slots=True)
class CreditNote:
    """A paper that lowers an invoice."""

    id: str
    number: str
    invoice: Invoice
    line_id: str
    at: int
    subtotal: int
    tax: int
    refund: Refund | None
    reason: str

    @property
    def total(self) -> int:
        """The note's amount with tax."""
        return self.subtotal + self.tax


@dataclass(slots=True)
class Credit:
    """A change by hand of what a customer has in their favour; `amount` below zero gives."""

    id: str
    at: int
    amount: int
    balance: int
    reason: str


@dataclass(slots=True)
class Checkout:
    """A hosted checkout that began a subscription."""

    id: str
    created: int
    completed_at: int
    subscription: Subscription
    invoice: Invoice


@dataclass(slots=True)
class Customer:
    """One paying (or trying) firm and everything that belongs to it."""

    index: int
    token: str
    id: str
    created: int
    name: str
    email: str
    country: str
    city: str
    line1: str
    postal_code: str
    currency: str
    tax_rate: TaxRate | None
    vat_id: str | None
    vat_object_id: str | None
    phone: str | None
    prefix: str
    methods: list[Method] = field(default_factory=list)
    defaults: list[tuple[int, Method]] = field(default_factory=list)
    delinquent: list[tuple[int, bool]] = field(default_factory=list)
    subscriptions: list[Subscription] = field(default_factory=list)
    invoices: list[Invoice] = field(default_factory=list)
    pending: list[Line] = field(default_factory=list)
    checkouts: list[Checkout] = field(default_factory=list)
    credits: list[Credit] = field(default_factory=list)
    deleted_at: int = NEVER
    is_metered: bool = False
    sequence: int = 0
    counter: int = 0

    def new_id(self, prefix: str) -> str:
        """The next id of this customer's things; unique across kinds, the same on every run."""
        self.counter += 1
        return f"{prefix}_1{self.token}{self.counter:04d}"

    def balance_at(self, at: int) -> int:
        """What the customer owes beside invoices at a moment; below zero, has in their favour."""
        return sum(credit.amount for credit in self.credits if credit.at <= at)

    def change_balance(self, at: int, amount: int, reason: str) -> None:
        """Give by hand, or take."""
        balance = self.balance_at(at) + amount
        self.credits.append(Credit(self.new_id("cbtxn"), at, amount, balance, reason))
