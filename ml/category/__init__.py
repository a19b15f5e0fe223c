"""Category: what a payment was for, in two levels, from rules, codes, known merchants, wording.

`taxonomy` (what there is) → `lines` (what banks write) → `wording` (a model of names for merchants
that `ml.merchants.known` does not know, trained by `training`, measured by `evaluation`) → `facet`.
"""

from ml.category.facet import FACET

__all__ = ["FACET"]
