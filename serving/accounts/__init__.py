"""Accounts: where money lies, at a processor or a bank."""
