"""Business purpose: business, personal or mixed, and what for. Rows by category, no training."""

from ml.business_purpose.facet import FACET

__all__ = ["FACET"]
