"""QuickBooks Online over the books of the us entity.

Companies (realms) are numbered from `REALM`; each shows the same books. A refresh token
`sandbox-company-<n>` stands for the consent of company n and can be used once.
"""

CLIENT_ID = "quickbooks-sandbox-client"
CLIENT_SECRET = "quickbooks-sandbox-secret"  # noqa: S105 - of a simulator on loopback
REALM = 4_620_816_365_000_000
COMPANY = "Northwind Analytics Inc"


def realm_of(number: int) -> str:
    """The id of company number `number`, from 1."""
    return str(REALM + number)
