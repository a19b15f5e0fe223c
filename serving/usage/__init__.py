"""Usage: how much a workspace asks of this API, day by day, and what it may still ask."""
