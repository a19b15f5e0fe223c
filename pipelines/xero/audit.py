"""Does the warehouse hold every document that Xero lists? By its date."""

from functools import partial

from pipelines.relisting import Dated, relisted

DATED: Dated = dict.fromkeys(
    ("invoice", "credit_note", "payment", "bank_transaction", "bank_transfer", "manual_journal"),
    ("Date",),
)
audit = partial(relisted, DATED)
