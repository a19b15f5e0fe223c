"""Whose data is it? The tenant's identity, as a type that no plain string can pass for.

Scope is a required argument of type `TenantId` wherever tenant data is read or written; the text
inside is validated, so it can be embedded in a server-side filter without escaping.
"""

import re
import secrets
from dataclasses import dataclass

from core.errors import InvalidInputError

WORKSPACE_PATTERN = re.compile(r"ws_[a-z0-9_]{1,40}")
CONNECTION_PATTERN = re.compile(r"conn_[a-z0-9_]{1,40}")
_ALPHABET = b"0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base32: nothing to misread
_LETTERS = bytes(_ALPHABET[byte % len(_ALPHABET)] for byte in range(256))


@dataclass(frozen=True, slots=True)
class TenantId:
    """A workspace's id.

    Raises:
        InvalidInputError: The text is not of the form `ws_…` (see `WORKSPACE_PATTERN`).
    """

    value: str

    def __post_init__(self) -> None:
        if not WORKSPACE_PATTERN.fullmatch(self.value):
            raise InvalidInputError(
                "A workspace id looks like ws_ followed by lower-case letters and digits.",
                next_step="Copy the id from `oppulence status` or from your workspace's settings.",
            )

    def __str__(self) -> str:
        return self.value


def new_id(prefix: str) -> str:
    """Return a fresh random id such as `conn_5k…` (125 random bits)."""
    # Chance is asked for once: every request has an id, and each asking is a call into the system.
    return f"{prefix}_{secrets.token_bytes(25).translate(_LETTERS).decode()}"
