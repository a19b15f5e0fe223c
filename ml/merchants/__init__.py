"""Merchant: the business behind a raw card or bank descriptor, by rules that are data."""

from ml.merchants.cleaning import FACET, identified, merchant, parse

__all__ = ["FACET", "identified", "merchant", "parse"]
