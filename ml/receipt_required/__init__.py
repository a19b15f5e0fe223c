"""Receipt required: yes or no, with the rule that says so. Rules are rows, none is learned."""

from ml.receipt_required.facet import FACET

__all__ = ["FACET"]
