"""Which providers stand beside Stripe? One line each: first path segment and application."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.provider import MakeApp

APPS: Mapping[str, MakeApp] = {}
