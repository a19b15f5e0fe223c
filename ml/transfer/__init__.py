"""Transfer: money between the workspace's own accounts, which is neither spent nor earned."""

from ml.transfer.facet import FACET

__all__ = ["FACET"]
