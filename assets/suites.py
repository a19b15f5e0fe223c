"""What is each table of the raw edge held to? A suite per table that money or its owner stands in.

A suite names the values that every live row must have, as they stand in the payload; what is true
of every table (columns, ids, versions, origins) is `assets.expectations`' own. Tombstones hold
nothing to look at. `unified` names the table whose history tells a usual day's volume.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

Kind = Literal["text", "currency", "amount", "day", "seconds", "json_date"]
# Read at every visit, whatever else there is: two missed days are a provider that is not heard.
TOLD_DAILY = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a payload: where it stands and what it has to be."""

    name: str
    kind: Kind
    path: tuple[str, ...]

    @property
    def sql(self) -> str:
        """The value as a column: null or empty where it is missing or unreadable."""
        steps = ", ".join(f"'{step}'" for step in self.path)
        text = f"ifNull(JSONExtract(payload, {steps}, 'Nullable(String)'), '')"
        value, of_a_tombstone = {
            "text": (text, "'-'"),
            "currency": (text, "'XXX'"),
            "amount": (f"toDecimal128OrNull({text}, 9)", "toDecimal128(0, 9)"),
            "day": (f"toDate32OrNull(left({text}, 10))", "toDate32(today())"),
            "seconds": (
                f"toDate32(fromUnixTimestamp64Second(toInt64OrNull({text}), 'UTC'))",
                "toDate32(today())",
            ),
            "json_date": (
                "toDate32(fromUnixTimestamp64Milli("
                f"toInt64OrNull(extract({text}, '^/Date[(](-?[0-9]+)')), 'UTC'))",
                "toDate32(today())",
            ),
        }[self.kind]
        return f"if(is_deleted = 1, {of_a_tombstone}, {value}) as {self.name}"


@dataclass(frozen=True, slots=True)
class Suite:
    """What one table is held to."""

    object: str
    fields: tuple[Field, ...] = ()
    must_have_rows: bool = False
    fresh_within: timedelta | None = None
    unified: Literal["transactions", "accounting_documents"] | None = None
    # Days until a day's rows are all there: banks book late, bookkeepers later.
    settled_days: int = 3


def _text(name: str, *path: str) -> Field:
    return Field(name, "text", path or (name,))


def _money(amount: tuple[str, ...], currency: tuple[str, ...]) -> tuple[Field, ...]:
    return Field("amount", "amount", amount), Field("currency", "currency", currency)


def _stripe(name: str, amount: str, *, must_have_rows: bool = False, moves: bool = True) -> Suite:
    fields = (*_money((amount,), ("currency",)), Field("created_on", "seconds", ("created",)))
    return Suite(
        name, fields, must_have_rows=must_have_rows, settled_days=1,
        unified="transactions" if moves else None,
    )  # fmt: skip


def _document(name: str) -> Suite:
    """Return the suite of a QuickBooks document with a total."""
    fields = (Field("amount", "amount", ("TotalAmt",)), Field("issued_on", "day", ("TxnDate",)))
    return Suite(name, (*fields, _text("changed_at", "MetaData", "LastUpdatedTime")),
                 unified="accounting_documents")  # fmt: skip


def _xero(name: str, *, amount: str = "Total", date: str = "Date") -> Suite:
    fields = (
        Field("amount", "amount", (amount,)), Field("issued_on", "json_date", (date,)),
        _text("status", "Status"),
    )  # fmt: skip
    return Suite(name, fields, unified="accounting_documents")


def _european(balance: str, line: str) -> tuple[Suite, ...]:
    held = _money((balance, "amount"), (balance, "currency"))
    moved = _money((line, "amount"), (line, "currency"))
    return (
        Suite("balance", held, fresh_within=TOLD_DAILY),
        Suite("transaction", moved, unified="transactions"),
    )


SUITES: Mapping[str, tuple[Suite, ...]] = {
    "stripe": (
        Suite("customer", (Field("created_on", "seconds", ("created",)),), must_have_rows=True),
        Suite("price", (Field("currency", "currency", ("currency",)),)),
        _stripe("invoice", "total", moves=False),
        _stripe("payment_intent", "amount", moves=False),
        _stripe("charge", "amount", must_have_rows=True),
        _stripe("refund", "amount"),
        _stripe("dispute", "amount"),
        _stripe("balance_transaction", "net", must_have_rows=True, moves=False),
        _stripe("payout", "amount"),
    ),
    "plaid": (
        Suite("account", (_text("account_id", "account", "account_id"),
                          _text("type", "account", "type"))),
        # Banks may leave either of an account's two balances out: only whose they are is required.
        Suite("balance", (_text("account_id"),
                          Field("currency", "currency", ("balances", "iso_currency_code"))),
              fresh_within=TOLD_DAILY),
        Suite("transaction", (_text("account_id"), Field("dated_on", "day", ("date",)),
                              *_money(("amount",), ("iso_currency_code",))),
              unified="transactions"),
    ),
    "teller": (
        Suite("account", (_text("type"), Field("currency", "currency", ("currency",)))),
        Suite("balance", (_text("account_id", "account", "id"),
                          Field("currency", "currency", ("account", "currency"))),
              fresh_within=TOLD_DAILY),
        Suite("transaction", (_text("account_id", "account", "id"),
                              Field("dated_on", "day", ("transaction", "date")),
                              *_money(("transaction", "amount"), ("account", "currency"))),
              unified="transactions"),
    ),
    "gocardless": _european("balanceAmount", "transactionAmount"),
    "enablebanking": _european("balance_amount", "transaction_amount"),
    "quickbooks": (
        Suite("company_info", (_text("name", "CompanyName"),)),
        Suite("account", (_text("name", "Name"), _text("type", "AccountType"))),
        *(_document(name) for name in (
            "invoice", "sales_receipt", "credit_memo", "refund_receipt", "payment", "bill",
            "vendor_credit", "bill_payment", "purchase", "deposit",
        )),
        Suite("journal_entry", (Field("issued_on", "day", ("TxnDate",)),),
              unified="accounting_documents"),
    ),
    "xero": (
        Suite("organisation", (Field("currency", "currency", ("BaseCurrency",)),)),
        Suite("account", (_text("name", "Name"), _text("type", "Type"))),
        _xero("invoice"),
        _xero("credit_note"),
        _xero("bank_transaction"),
        _xero("payment", amount="Amount"),
        Suite("manual_journal", (Field("issued_on", "json_date", ("Date",)),),
              unified="accounting_documents"),
    ),
}  # fmt: skip
