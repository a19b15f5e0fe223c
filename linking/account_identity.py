"""Which bank account is it, whatever number a provider gives it? Its own number, hashed.

Providers of European accounts name an account anew with every consent. What stays is the account's
own number, so identity is made of that: the same IBAN in the same currency is the same account
after a reconnect. It is hashed, because ids stand in addresses and logs.
"""

import hashlib
from collections.abc import Collection, Mapping

LINKED_AS, ACCOUNTS = "linked_as", "accounts"


def account_key(number: str, currency: str = "") -> str:
    """Return the stable id of an account.

    Args:
        number: Its IBAN, or whatever else identifies it for good; case and spaces do not count.
        currency: Its currency: some banks keep accounts of several under one IBAN.
    """
    plain = "".join(number.split()).upper()
    digest = hashlib.sha256(plain.encode()).hexdigest()[:24]
    return f"{digest}.{currency.upper()}" if currency else digest


def linked_as(
    institution: str, keys: Collection[str], previous: Mapping[str, str] | None
) -> dict[str, str]:
    """Return what a consent's credentials say of its identity: `linked_as` and `accounts`.

    A consent is known by its bank and the first of its accounts. One that renews another keeps its
    name if they have an account in common, whichever accounts were added or left out.

    Args:
        institution: The provider's id of the bank.
        keys: The keys of its accounts.
        previous: The credentials that are renewed, or what `LinkStart.kept` held of them.
    """
    accounts = sorted(set(keys))
    name = f"{institution}:{accounts[0]}"
    before = previous or {}
    if before.get(LINKED_AS) and set(before.get(ACCOUNTS, "").split()) & set(accounts):
        name = before[LINKED_AS]
    return {LINKED_AS: name, ACCOUNTS: " ".join(accounts)}


def kept_identity(credentials: Mapping[str, str] | None) -> dict[str, str]:
    """Return what `finish` needs to know of the connection that is renewed."""
    found = credentials or {}
    return {name: found[name] for name in (LINKED_AS, ACCOUNTS) if found.get(name)}
