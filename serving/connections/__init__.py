"""Connections: the provider accounts that a workspace has let us read."""
