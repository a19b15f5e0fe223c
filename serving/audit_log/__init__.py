"""The audit log: who changed what, when, and under which request."""
