"""Merchant: the business behind a raw card or bank descriptor, by rules that are data."""

from ml.merchants.cleaning import FACET, merchant, parse

__all__ = ["FACET", "merchant", "parse"]
