"""Recurring: subscriptions, rents and salaries among a merchant's payments, and what comes next."""

from ml.recurring.facet import recurring, series

__all__ = ["recurring", "series"]
