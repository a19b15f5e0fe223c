"""Which tokens has an authorization server given out? Codes, access tokens, refreshes that roll.

Stricter than the real servers, whose old refresh tokens live on for a while: here one ends the
moment it is used, so that whoever loses the new one is found out.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

from sandbox.clock import Clock
from sandbox.shelf import Shelf

CODE_SECONDS = 600
Subject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pair:
    """Tokens just given out."""

    access: str
    refresh: str


class Grants:
    """The grants of one provider, kept on its shelf."""

    def __init__(self, shelf: Shelf, clock: Clock, access_seconds: int) -> None:
        """Give out access tokens that live so long by the sandbox's clock."""
        self.shelf, self.clock, self.access_seconds = shelf, clock, access_seconds

    def consent(self, subject: Subject, redirect_uri: str, challenge: str = "") -> str:
        """A user lets us in: the code that the redirect carries."""
        code = secrets.token_urlsafe(24)
        self.shelf.put(
            "code",
            code,
            {
                "subject": subject,
                "redirect_uri": redirect_uri,
                "challenge": challenge,
                "until": self.clock.now() + CODE_SECONDS,
            },
        )
        return code

    def exchange(self, code: str, redirect_uri: str, verifier: str = "") -> Pair | None:
        """The tokens for a code; None where it is used, too old, or not this client's."""
        held = self.shelf.get("code", code)
        self.shelf.drop("code", code)
        if held is None or held["until"] < self.clock.now() or held["redirect_uri"] != redirect_uri:
            return None
        digest = hashlib.sha256(verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if held["challenge"] and held["challenge"] != challenge:
            return None
        return self._give(held["subject"])

    def plant(self, refresh: str, subject: Subject) -> None:
        """Make a refresh token known that was never given out; once used, it is used."""
        if self.shelf.get("planted", refresh) is None:
            self.shelf.put("planted", refresh, {})
            self.shelf.put("refresh", refresh, {"subject": subject})

    def refresh(self, token: str) -> Pair | None:
        """New tokens for a refresh token, which ends; None where it is not valid."""
        held = self.shelf.get("refresh", token)
        if held is None:
            return None
        self.shelf.drop("refresh", token)
        return self._give(held["subject"])

    def subject(self, access: str) -> Subject | None:
        """Whose an access token is, None where it has ended."""
        held = self.shelf.get("access", access)
        if held is None or held["until"] <= self.clock.now():
            return None
        return dict(held["subject"])

    def expire(self, access: str) -> None:
        """End an access token before its time."""
        self.shelf.drop("access", access)

    def revoke(self, token: str) -> None:
        """End a refresh or an access token."""
        self.shelf.drop("refresh", token)
        self.shelf.drop("access", token)

    def _give(self, subject: Subject) -> Pair:
        pair = Pair(secrets.token_urlsafe(32), secrets.token_urlsafe(32))
        until = self.clock.now() + self.access_seconds
        self.shelf.put("access", pair.access, {"subject": subject, "until": until})
        self.shelf.put("refresh", pair.refresh, {"subject": subject})
        return pair


def basic(header: str) -> tuple[str, str]:
    """The user and password of a Basic authorization, empty where there is none."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(value).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password


def bearer(header: str) -> str:
    """The token of a Bearer authorization, empty where there is none."""
    scheme, _, value = header.partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""
