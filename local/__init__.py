"""The embedded engines of one machine, and the supervisor that keeps them running."""
