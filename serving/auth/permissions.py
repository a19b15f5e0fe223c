"""Who may do what? The one table of permissions: what each allows, and to which roles.

A permission is a resource and `read` or `write`. API keys carry permissions as their scopes;
members have those of their role. The table is shown in the OpenAPI document (each operation names
its permission) and in docs/api.md; a test holds both, and the routes, to it.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Literal, NamedTuple

from core.errors import ForbiddenError


class Role(StrEnum):
    """A member's role in a workspace."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"


class Permission(StrEnum):
    """What a key or a member may do."""

    TRANSACTIONS_READ = "transactions:read"
    ACCOUNTS_READ = "accounts:read"
    METRICS_READ = "metrics:read"
    ENRICHMENT_READ = "enrichment:read"
    ENRICHMENT_WRITE = "enrichment:write"
    LEDGER_READ = "ledger:read"
    LEDGER_WRITE = "ledger:write"
    RECONCILIATION_READ = "reconciliation:read"
    RECONCILIATION_WRITE = "reconciliation:write"
    CONNECTIONS_READ = "connections:read"
    CONNECTIONS_WRITE = "connections:write"
    SYNCS_READ = "syncs:read"
    SYNCS_WRITE = "syncs:write"
    EVENTS_READ = "events:read"
    EVENTS_WRITE = "events:write"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    API_KEYS_READ = "api_keys:read"
    API_KEYS_WRITE = "api_keys:write"
    MEMBERS_READ = "members:read"
    MEMBERS_WRITE = "members:write"
    WORKSPACE_READ = "workspace:read"
    WORKSPACE_WRITE = "workspace:write"
    AUDIT_LOG_READ = "audit_log:read"
    RECOVERY_READ = "recovery:read"
    RECOVERY_WRITE = "recovery:write"


class Grant(NamedTuple):
    """One row of the table: what the permission allows, and the roles that have it."""

    allows: str
    roles: frozenset[Role]


_EVERYONE = frozenset(Role)
_ADMINS = frozenset({Role.OWNER, Role.ADMIN})
_OWNERS = frozenset({Role.OWNER})

TABLE: dict[Permission, Grant] = {
    Permission.TRANSACTIONS_READ: Grant("See transactions and where they come from", _EVERYONE),
    Permission.ACCOUNTS_READ: Grant("See accounts and balances", _EVERYONE),
    Permission.METRICS_READ: Grant("See revenue metrics", _EVERYONE),
    Permission.ENRICHMENT_READ: Grant("Enrich transactions, see models", _EVERYONE),
    Permission.ENRICHMENT_WRITE: Grant("Correct what enrichment says", _EVERYONE),
    Permission.LEDGER_READ: Grant("See the ledger, its balances and accounts", _EVERYONE),
    Permission.LEDGER_WRITE: Grant("Change the workspace's chart of accounts", _ADMINS),
    Permission.RECONCILIATION_READ: Grant("See where payouts went, and why we think so", _EVERYONE),
    Permission.RECONCILIATION_WRITE: Grant("Confirm and reject matches", _EVERYONE),
    Permission.CONNECTIONS_READ: Grant("See connections and their state", _EVERYONE),
    Permission.CONNECTIONS_WRITE: Grant("Connect, rename and delete accounts", _ADMINS),
    Permission.SYNCS_READ: Grant("See how far a sync is", _EVERYONE),
    Permission.SYNCS_WRITE: Grant("Ask for a sync", _EVERYONE),
    Permission.EVENTS_READ: Grant("See events and dead letters", _EVERYONE),
    Permission.EVENTS_WRITE: Grant("Deliver webhooks, retry and replay events", _ADMINS),
    Permission.WEBHOOKS_READ: Grant("See where events of ours are sent", _ADMINS),
    Permission.WEBHOOKS_WRITE: Grant("Choose where events of ours are sent", _ADMINS),
    Permission.API_KEYS_READ: Grant("See which API keys exist", _ADMINS),
    Permission.API_KEYS_WRITE: Grant("Create, rotate and revoke API keys", _ADMINS),
    Permission.MEMBERS_READ: Grant("See who belongs to the workspace", _EVERYONE),
    Permission.MEMBERS_WRITE: Grant("Invite members, change roles, remove members", _ADMINS),
    Permission.WORKSPACE_READ: Grant("See the workspace and its settings", _EVERYONE),
    Permission.WORKSPACE_WRITE: Grant("Change the workspace; make and unmake owners", _OWNERS),
    Permission.AUDIT_LOG_READ: Grant("See who changed what", _ADMINS),
    Permission.RECOVERY_READ: Grant("See failed payments and what is done about them", _EVERYONE),
    Permission.RECOVERY_WRITE: Grant("Change flows, act on failed payments", _ADMINS),
}

EVERYTHING = frozenset(TABLE)
_ADMINISTRATION = ("api_keys:", "members:", "workspace:", "audit_log:")

Preset = Literal["full", "read_only", "sync_engine"]

# Named sets of scopes for new keys. `read_only` is for apps that show data: it does not show who
# works here, which keys exist or what they did.
PRESETS: dict[Preset, frozenset[Permission]] = {
    "full": EVERYTHING,
    "read_only": frozenset(
        name for name in TABLE if name.endswith(":read") and not name.startswith(_ADMINISTRATION)
    ),
    "sync_engine": frozenset(
        {
            Permission.CONNECTIONS_READ,
            Permission.SYNCS_READ,
            Permission.SYNCS_WRITE,
            Permission.EVENTS_READ,
            Permission.EVENTS_WRITE,
        }
    ),
}


class EscalationError(ForbiddenError):
    """Somebody would hand out more than they have."""

    code = "permission_escalation"
    title = "More than this caller may do"


def permissions_of(role: Role) -> frozenset[Permission]:
    """Return what a member of this role may do."""
    return frozenset(name for name, grant in TABLE.items() if role in grant.roles)


def refuse_escalation(held: Iterable[Permission], wanted: Iterable[Permission]) -> None:
    """Check that nobody gives what they do not have.

    Raises:
        EscalationError: Some of `wanted` is not in `held`.
    """
    excess = sorted(set(wanted) - set(held))
    if excess:
        raise EscalationError(
            f"The caller lacks what it would give: {', '.join(excess)}.",
            next_step="Ask for less, or as a caller that has these permissions itself.",
        )
