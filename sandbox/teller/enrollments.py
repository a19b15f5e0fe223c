"""Whose token is it? Enrollments are made by being asked for, and remember only how they ended."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from sandbox.company.banking import Bank, BankAccount
from sandbox.company.reach import REACH
from sandbox.teller import ACCESS_TOKENS

PREFIX = "test_token_"
_BY_TOKEN = {token: bank for bank, token in ACCESS_TOKENS.items()}


@dataclass(frozen=True, slots=True)
class Enrollment:
    """A login at a bank; `salt` makes its ids its own, and is empty for those from the start."""

    token: str
    institution: str
    salt: str

    @property
    def id(self) -> str:
        """The enrollment's id."""
        return f"enr_{blake2b(self.token.encode(), digest_size=10).hexdigest()}"

    def accounts(self, bank: Bank) -> list[BankAccount]:
        """The company's accounts at the bank that Teller reaches."""
        reached = (bank.account(name) for name in REACH["teller"])
        return [account for account in reached if account.institution == self.institution]


class Enrollments:
    """Tokens, and what became of some of them; kept in one file."""

    def __init__(self, folder: Path) -> None:
        """Open the folder's."""
        self.file = folder / "ended.json"
        # Token to `revoked` or to the reason of its disconnection.
        self.ended: dict[str, str] = json.loads(self.file.read_text()) if self.file.exists() else {}

    def find(self, token: str) -> Enrollment | None:
        """The enrollment of a token, if it may be one."""
        if token in _BY_TOKEN:
            return Enrollment(token, _BY_TOKEN[token], "")
        if token.startswith(PREFIX) and len(token) > len(PREFIX):
            return Enrollment(token, next(iter(ACCESS_TOKENS)), token)
        return None

    def end(self, token: str, how: str) -> None:
        """Remember that a token ended."""
        self.ended[token] = how
        self._save()

    def repair(self, token: str) -> None:
        """The user opened Teller Connect again."""
        self.ended.pop(token, None)
        self._save()

    def _save(self) -> None:
        fresh = self.file.with_suffix(".new")
        fresh.write_text(json.dumps(self.ended))
        fresh.replace(self.file)
