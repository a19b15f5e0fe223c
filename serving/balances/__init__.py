"""Balances: how much an account holds, now and at the end of each day."""
