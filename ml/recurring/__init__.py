"""Recurring: subscriptions, rents and salaries among a merchant's payments, and what comes next."""

from ml.recurring.facet import FACET, recurring, series

__all__ = ["FACET", "recurring", "series"]
