"""Transactions: every provider's movements of money, in one shape."""
