"""How are credentials kept? Encrypted and authenticated, under keys that can be rotated.

Fernet (AES-128-CBC with HMAC-SHA256) from `cryptography`: the first key encrypts, every key
decrypts. The context (whose secret this is) is sealed in with the text, so that a ciphertext
copied into another tenant's row does not open.
"""

import base64
import binascii
import json
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from core.errors import ConfigurationError, OppulenceError


class SecretUnreadableError(OppulenceError):
    """A stored secret does not open with the configured keys, or belongs to another row."""

    code = "secret_unreadable"
    title = "A stored credential cannot be decrypted"


def generate_key() -> str:
    """Return a new random key, 32 bytes in URL-safe base64."""
    return Fernet.generate_key().decode()


@dataclass(frozen=True, slots=True, repr=False)
class SecretBox:
    """Seals and opens secrets. Never shown in logs: its repr holds no key."""

    fernet: MultiFernet

    @classmethod
    def from_keys(cls, keys: str) -> "SecretBox":
        """Build from comma-separated keys, the newest first.

        Raises:
            ConfigurationError: No key, or one that is not 32 bytes in URL-safe base64.
        """
        names = [key.strip() for key in keys.split(",") if key.strip()]
        try:
            if not names or any(len(base64.urlsafe_b64decode(name)) != 32 for name in names):
                raise ValueError
            return cls(MultiFernet([Fernet(name) for name in names]))
        except (ValueError, binascii.Error):
            raise ConfigurationError(
                "OPPULENCE_ENCRYPTION_KEYS must hold keys of 32 bytes in URL-safe base64.",
                next_step="Make one with `oppulence doctor --new-key`.",
            ) from None

    def __repr__(self) -> str:
        return "SecretBox(…)"

    def seal(self, secret: str, *, context: str) -> str:
        """Encrypt `secret` for the row that `context` names."""
        body = json.dumps({"context": context, "secret": secret}).encode()
        return self.fernet.encrypt(body).decode()

    def open(self, sealed: str, *, context: str) -> str:
        """Decrypt what `seal` made for the same context.

        Raises:
            SecretUnreadableError: Wrong key, altered text, or another row's ciphertext.
        """
        try:
            body = json.loads(self.fernet.decrypt(sealed.encode()))
        except InvalidToken:
            raise SecretUnreadableError(
                "A stored credential was sealed with a key that is not configured.",
                next_step="Put the earlier key back at the end of OPPULENCE_ENCRYPTION_KEYS.",
            ) from None
        if body["context"] != context:
            raise SecretUnreadableError("A stored credential belongs to another connection.")
        return str(body["secret"])

    def rotate(self, sealed: str) -> str:
        """Return the same secret sealed under the newest key."""
        return self.fernet.rotate(sealed.encode()).decode()
