"""Ledger account: learn one workspace's bookkeeping from its own coded history, book the next.

`train` learns from purchases that a bookkeeper coded, `predict` books others, whatever the chart of
accounts. Order of the modules: `columns` (what comes in) → `fingerprints` (contexts as hashes) →
`wording` (progressive softmax over text and context) → `memory` (how was this context booked
before) → `candidates` (both, per candidate account) → `ranker` (which of them) → `model` (train,
predict) → `facet`; `evaluation` measures.
"""

from ml.ledger_account.facet import FACET
from ml.ledger_account.model import LedgerAccountModel, predict, train

__all__ = ["FACET", "LedgerAccountModel", "predict", "train"]
