"""Merchant: the business behind a raw card or bank descriptor, by rules that are data."""

from ml.merchants.cleaning import identified, merchant, parse
from ml.merchants.facet import FACET

__all__ = ["FACET", "identified", "merchant", "parse"]
