"""Which API versions does the sandbox speak? One shape since 2025-03-31.basil, one before."""

from __future__ import annotations

DEFAULT_VERSION = "2026-10-28.endive"
LEGACY_VERSION = "2024-06-20"
_BASIL = "2025-03-31"


def is_legacy(version: str) -> bool:
    """Whether a version is older than basil (dates compare as text)."""
    return version[:10] < _BASIL
