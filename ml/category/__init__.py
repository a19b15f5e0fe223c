"""Category: what a payment was for, in two levels, from rules, codes, known merchants, wording.

`taxonomy` (what there is) → `lines` (what banks write) → `known` (merchants by name) → `wording` (a
model of names for the rest, trained by `training`, measured by `evaluation`) → `facet`.
"""

from ml.category.facet import FACET

__all__ = ["FACET"]
