"""The merchant's pages of recovery: what is owed, what is done about it, and did it help."""
