"""Syncs: bringing in what changed at a provider, now, on request."""
