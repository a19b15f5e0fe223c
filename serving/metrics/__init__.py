"""Metrics: recurring revenue, day by day and movement by movement."""
