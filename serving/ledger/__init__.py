"""The ledger: entries, balances of accounts, and the workspace's own chart."""
