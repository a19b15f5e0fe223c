"""Fee: what a provider or bank took for a payment, as far as one of them says it."""

from ml.fee.facet import FACET

__all__ = ["FACET"]
