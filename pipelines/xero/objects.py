"""Which objects does a Xero organisation have, and how is each listed?"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Listing:
    """One list.

    Attributes:
        path: Below `/api.xro/2.0`, and the name of the list in its answer.
        object: Ours: `raw.xero_<object>`.
        key: The field that names an object.
        group: Where Dagster shows it.
        paging: By `page` (ordered by the key, which never changes), by `offset` (journals, by
            their number), or not at all.
        date: The field that a backfill's window is about; lists without one are read whole.
        query: What must be said to see everything.
        rest_seconds: How long it is left alone between runs. A sync every five minutes asks each
            other list 288 times a day; what hardly changes must not cost the day's 5,000.
    """

    path: str
    object: str
    key: str
    group: str
    paging: str = "page"
    date: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    knows_changes: bool = True
    rest_seconds: int = 0

    @property
    def name(self) -> str:
        """The list's name in its answer."""
        return "Organisations" if self.path == "Organisation" else self.path


LISTINGS: tuple[Listing, ...] = (
    Listing(
        "Organisation", "organisation", "OrganisationID", "settings",
        paging="none", knows_changes=False, rest_seconds=86_400,
    ),
    Listing("Accounts", "account", "AccountID", "settings", paging="none", rest_seconds=3_600),
    Listing("Contacts", "contact", "ContactID", "settings", query={"includeArchived": "true"}),
    Listing(
        "Invoices", "invoice", "InvoiceID", "documents",
        date="Date", query={"includeArchived": "true"},
    ),
    Listing("CreditNotes", "credit_note", "CreditNoteID", "documents", date="Date"),
    Listing("Payments", "payment", "PaymentID", "documents", date="Date"),
    Listing("BankTransactions", "bank_transaction", "BankTransactionID", "banking", date="Date"),
    Listing(
        "BankTransfers", "bank_transfer", "BankTransferID", "banking",
        paging="none", date="Date", query={"includeDeleted": "true"},
    ),
    Listing("ManualJournals", "manual_journal", "ManualJournalID", "ledger", date="Date"),
    Listing("Journals", "journal", "JournalID", "ledger", paging="offset"),
)  # fmt: skip
BY_OBJECT: Mapping[str, Listing] = {listing.object: listing for listing in LISTINGS}
GROUPS: Mapping[str, tuple[str, ...]] = {
    group: tuple(listing.object for listing in LISTINGS if listing.group == group)
    for group in dict.fromkeys(listing.group for listing in LISTINGS)
}
