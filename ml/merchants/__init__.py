"""Merchant: the business behind a raw card or bank descriptor, by rules that are data."""

from ml.merchants.cleaning import identified, identity, parse
from ml.merchants.facet import FACET, merchant

__all__ = ["FACET", "identified", "identity", "merchant", "parse"]
