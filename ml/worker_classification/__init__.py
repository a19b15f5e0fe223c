"""Worker classification: who works for the workspace, and what of it a 1099-NEC must report."""

from ml.worker_classification.facet import FACET

__all__ = ["FACET"]
