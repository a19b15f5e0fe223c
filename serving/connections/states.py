"""What travels to a provider and back? A state: whose workspace, and 256 random bits."""

import hashlib
import secrets

from core.tenancy import TenantId


def new_state(tenant: TenantId) -> str:
    """Return a new random state of the workspace."""
    return f"{tenant}.{secrets.token_urlsafe(32)}"


def state_hash(state: str) -> bytes:
    """Return what is stored of a state: 256 random bits need no key and no salt."""
    return hashlib.sha256(state.encode(errors="replace")).digest()
