"""Enrichment: what rules and models say of transactions, and what users say to that."""
