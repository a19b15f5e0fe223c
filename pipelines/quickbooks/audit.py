"""Does the warehouse hold every document that QuickBooks has? By the time of its creation."""

from functools import partial

from pipelines.relisting import Dated, relisted

DATED: Dated = dict.fromkeys(
    (
        "invoice",
        "sales_receipt",
        "credit_memo",
        "refund_receipt",
        "payment",
        "bill",
        "vendor_credit",
        "bill_payment",
        "purchase",
        "deposit",
        "transfer",
        "journal_entry",
    ),
    ("MetaData", "CreateTime"),
)
audit = partial(relisted, DATED)
