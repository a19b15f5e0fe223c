"""How much expensive work may a workspace ask for? So many syncs and exports in any 24 hours.

Counted like rate limits, in moving windows, by workspace; settable per workspace with
`oppulence workspace limits`.
"""

from core.database import Rows
from core.tenancy import TenantId
from serving.rate_limits import DAY_SECONDS, QUOTAS, RouteClass, Window
from serving.usage import queries

DEFAULTS = {"syncs_per_day": 1_000, "exports_per_day": 200}


def quota_window(rows: Rows, tenant: TenantId, route_class: RouteClass) -> Window:
    """Return the quota that requests of this class count towards."""
    return quota_windows(rows, tenant)[QUOTAS[route_class]]


def quota_windows(rows: Rows, tenant: TenantId) -> dict[str, Window]:
    """Return the workspace's quotas by name."""
    own = rows.execute(queries.QUOTAS).fetchone() or {}
    return {
        name: Window(name, str(tenant), own.get(name) or usual, DAY_SECONDS)
        for name, usual in DEFAULTS.items()
    }
