"""Who may do what? The one table of permissions: what each allows, and to which roles.

A permission is a resource and `read` or `write`. API keys carry permissions as their scopes;
members have those of their role. The table is shown in the OpenAPI document (each operation names
its permission) and in docs/api.md; a test holds both, and the routes, to it.
"""

from enum import StrEnum
from typing import NamedTuple


class Role(StrEnum):
    """A member's role in a workspace."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"


class Permission(StrEnum):
    """What a key or a member may do."""

    TRANSACTIONS_READ = "transactions:read"


class Grant(NamedTuple):
    """One row of the table: what the permission allows, and the roles that have it."""

    allows: str
    roles: frozenset[Role]


_EVERYONE = frozenset(Role)

TABLE: dict[Permission, Grant] = {
    Permission.TRANSACTIONS_READ: Grant("See transactions and where they come from", _EVERYONE),
}

EVERYTHING = frozenset(TABLE)

# Named sets of scopes for new keys.
PRESETS: dict[str, frozenset[Permission]] = {
    "full": EVERYTHING,
    "read_only": frozenset(name for name in TABLE if name.endswith(":read")),
}


def permissions_of(role: Role) -> frozenset[Permission]:
    """Return what a member of this role may do."""
    return frozenset(name for name, grant in TABLE.items() if role in grant.roles)
