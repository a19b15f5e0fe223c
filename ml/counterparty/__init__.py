"""Counterparty and channel: who is on the other side, and over which rail the money went."""

from ml.counterparty.channel import FACET as CHANNEL
from ml.counterparty.facet import FACET

__all__ = ["CHANNEL", "FACET"]
