"""Which objects does a QuickBooks company have, and how is each asked for?"""

from collections.abc import Mapping
from dataclasses import dataclass

# Lists of names hide what is inactive unless it is asked for.
_EVEN_INACTIVE = "Active IN (true, false)"


@dataclass(frozen=True, slots=True)
class Entity:
    """One kind of object.

    Attributes:
        name: QuickBooks' name in queries.
        object: Ours: `raw.quickbooks_<object>`.
        group: Where Dagster shows it.
        where: What a query must say to see all of them.
        has_changes: Change data capture knows it; others are read again once a day.
    """

    name: str
    object: str
    group: str
    where: str = ""
    has_changes: bool = True


ENTITIES: tuple[Entity, ...] = (
    Entity("CompanyInfo", "company_info", "company", has_changes=False),
    Entity("Preferences", "preferences", "company", has_changes=False),
    Entity("Account", "account", "names", _EVEN_INACTIVE),
    Entity("Customer", "customer", "names", _EVEN_INACTIVE),
    Entity("Vendor", "vendor", "names", _EVEN_INACTIVE),
    Entity("Item", "item", "names", _EVEN_INACTIVE),
    Entity("Invoice", "invoice", "sales"),
    Entity("SalesReceipt", "sales_receipt", "sales"),
    Entity("CreditMemo", "credit_memo", "sales"),
    Entity("RefundReceipt", "refund_receipt", "sales"),
    Entity("Payment", "payment", "sales"),
    Entity("Bill", "bill", "purchases"),
    Entity("BillPayment", "bill_payment", "purchases"),
    Entity("VendorCredit", "vendor_credit", "purchases"),
    Entity("Purchase", "purchase", "purchases"),
    Entity("Deposit", "deposit", "banking"),
    Entity("Transfer", "transfer", "banking"),
    Entity("JournalEntry", "journal_entry", "banking"),
)
BY_OBJECT: Mapping[str, Entity] = {entity.object: entity for entity in ENTITIES}
BY_NAME: Mapping[str, Entity] = {entity.name: entity for entity in ENTITIES}
GROUPS: Mapping[str, tuple[str, ...]] = {
    group: tuple(entity.object for entity in ENTITIES if entity.group == group)
    for group in dict.fromkeys(entity.group for entity in ENTITIES)
}
