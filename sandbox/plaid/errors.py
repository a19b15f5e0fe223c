"""What does Plaid answer when it cannot serve a request? Its error object and the HTTP status."""

from __future__ import annotations

import json
from uuid import uuid4

from sandbox.wire import Answer

LIMIT_CODES = {
    "/accounts/get": "ACCOUNTS_LIMIT",
    "/item/get": "ITEM_GET_LIMIT",
    "/transactions/sync": "TRANSACTIONS_SYNC_LIMIT",
    "/investments/holdings/get": "INVESTMENT_HOLDINGS_GET_LIMIT",
    "/investments/transactions/get": "INVESTMENT_TRANSACTIONS_LIMIT",
}


class PlaidError(Exception):
    """An answer that is an error object."""

    def __init__(self, kind: str, code: str, message: str, status: int = 400) -> None:
        """Plaid's type, code and words."""
        super().__init__(message)
        self.kind, self.code, self.message, self.status = kind, code, message, status

    def body(self) -> dict[str, object]:
        """The error object."""
        return {
            "display_message": None,
            "documentation_url": f"https://plaid.com/docs/?ref=error#{self.code}",
            "error_code": self.code,
            "error_message": self.message,
            "error_type": self.kind,
            "request_id": request_id(),
            "suggested_action": None,
        }

    def answer(self) -> Answer:
        """The HTTP answer."""
        return Answer(self.status, json.dumps(self.body()).encode())


def request_id() -> str:
    """An id for one request."""
    return uuid4().hex[:15]


def invalid_input(code: str, message: str) -> PlaidError:
    """A token or key that is not valid."""
    return PlaidError("INVALID_INPUT", code, message)


def invalid_request(code: str, message: str) -> PlaidError:
    """A request that makes no sense."""
    return PlaidError("INVALID_REQUEST", code, message)


def item_error(code: str, message: str) -> PlaidError:
    """An Item that cannot serve this."""
    return PlaidError("ITEM_ERROR", code, message)


def login_required() -> PlaidError:
    """The user's login no longer works."""
    return item_error(
        "ITEM_LOGIN_REQUIRED",
        "the login details of this item have changed (credentials, MFA, or required user action) "
        "and a user login is required to update this information. use Link's update mode to "
        "restore the item to a good state",
    )


def mutation() -> PlaidError:
    """Lines changed between two pages."""
    return PlaidError(
        "TRANSACTIONS_ERROR", "TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION",
        "Underlying transaction data changed since last page was fetched. Please restart "
        "pagination from last update.",
    )  # fmt: skip


def rate_limited(path: str) -> PlaidError:
    """Too many requests in a minute."""
    return PlaidError(
        "RATE_LIMIT_EXCEEDED", LIMIT_CODES.get(path, "RATE_LIMIT"),
        f"rate limit exceeded for attempts to access {path!r}. please try again later",
        status=429,
    )  # fmt: skip


def internal() -> PlaidError:
    """A failure of Plaid's own."""
    return PlaidError(
        "API_ERROR", "INTERNAL_SERVER_ERROR", "an unexpected error occurred", status=500
    )
