"""A small OpenID Connect issuer: whoever gives an address is who they say.

Its issuer is `<the sandbox>/oidc`. One client is registered; anybody signs in with any address.
"""

CLIENT_ID = "oppulence-sandbox-client"
CLIENT_SECRET = "oppulence-sandbox-secret"  # noqa: S105 - of a simulator on loopback
