"""Reconciliation: where each payout went, and what people say of it."""
