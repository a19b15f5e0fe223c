"""Webhooks: what providers send, verified, and committed before it is acknowledged."""
