"""What does the demo show of an account that is reached through two providers? One row."""

from typing import Any

from oppulence.demo_banks import once
from reconciliation.accounts import Account, Line, same_accounts


def account(provider: str, mask: str, amount_minor: int) -> dict[str, Any]:
    return {
        "provider": provider, "name": "Checking", "type": "depository", "currency": "USD",
        "mask": mask, "amount_minor": amount_minor, "number": 2, "lines_minor": 30,
    }  # fmt: skip


def test_an_account_is_shown_once_with_every_provider_that_reaches_it() -> None:
    shown = {
        "conn_t/a": account("teller", "1111", 500),
        "conn_p/a": account("plaid", "1111", 500),
        "conn_p/b": account("plaid", "0007", 900),
    }
    accounts = [
        Account(key, key.split("/")[0], "USD", "depository", "First Bank", row["mask"])
        for key, row in shown.items()
    ]
    no_lines: dict[str, list[Line]] = {}
    assert once(shown, same_accounts(accounts, no_lines)) == [
        account("plaid", "0007", 900),
        {**account("plaid", "1111", 500), "provider": "plaid, teller"},
    ]
