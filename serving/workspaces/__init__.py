"""Workspaces: the tenant itself."""
