"""Merchant: the business behind a raw card or bank descriptor, by rules that are data."""

from ml.merchants.cleaning import merchant, parse

__all__ = ["merchant", "parse"]
