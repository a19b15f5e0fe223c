"""Anomaly: payments that are unlike what the workspace paid before, each with its reason."""

from ml.anomaly.facet import FACET

__all__ = ["FACET"]
