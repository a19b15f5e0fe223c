"""Stripe (being built): source, raw_tables, GROUPS."""
