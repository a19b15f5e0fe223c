"""Outbound webhooks: what happens here, sent to the addresses that a workspace has registered."""
