"""Xero over the books of the eu entity.

Organisations (tenants) are numbered; each shows the same books. A refresh token
`sandbox-organisation-<n>` stands for the consent to organisation n and can be used once.
"""

from uuid import UUID, uuid5

CLIENT_ID = "xero-sandbox-client"
CLIENT_SECRET = "xero-sandbox-secret"  # noqa: S105 - of a simulator on loopback
NAMESPACE = UUID("6f2c1a38-52f4-4f0e-9a65-2f8d1f0b6c11")
COMPANY = "Northwind Analytics GmbH"


def uuid_of(*path: object) -> str:
    """The id of a thing, the same on every run."""
    return str(uuid5(NAMESPACE, "/".join(map(str, path))))


def tenant_of(number: int) -> str:
    """The id of organisation number `number`, from 1."""
    return uuid_of("tenant", number)
