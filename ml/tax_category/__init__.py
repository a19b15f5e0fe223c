"""Tax category: the line of a tax form or chart of accounts that a category belongs on.

Rows of `rows/lines.csv`, by category: US Schedule C, UK self-assessment (SA103F), DATEV's SKR03 and
SKR04. Extend there, not in code. No advice: the share is what the form's own rule allows at most.
"""

from ml.tax_category.facet import FACET

__all__ = ["FACET"]
