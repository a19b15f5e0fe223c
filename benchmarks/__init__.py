"""Measurements: each module prints JSON lines that compare a figure with a peer of the same run."""
