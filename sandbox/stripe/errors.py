"""What does Stripe answer when a request cannot be served? The error object and its HTTP status."""

from __future__ import annotations

from typing import Any


class StripeError(Exception):
    """An answer that is an error object."""

    def __init__(self, status: int, kind: str, message: str, **fields: Any) -> None:
        """`fields` are the error object's further members (code, param, decline_code, ...)."""
        super().__init__(message)
        self.status = status
        self.fields: dict[str, Any] = {"message": message, "type": kind, **fields}
        self.headers: dict[str, str] = {}
        # A declined card is recorded; every other refusal leaves nothing behind.
        self.rolls_back = status != 402

    def body(self, request_id: str) -> dict[str, Any]:
        """The answer's JSON."""
        error = {name: value for name, value in self.fields.items() if value is not None}
        if "code" in error:
            error.setdefault(
                "doc_url",
                f"https://stripe.com/docs/error-codes/{str(error['code']).replace('_', '-')}",
            )
        error["request_log_url"] = f"https://dashboard.stripe.com/test/logs/{request_id}"
        return {"error": error}


def missing(kind: str, identity: str, param: str = "id") -> StripeError:
    """No such object."""
    word = kind.replace("_", " ").replace(".", " ")
    word = {
        "payment intent": "payment_intent",
        "setup intent": "setupintent",
        "payment method": "PaymentMethod",
    }.get(word, word)
    return StripeError(
        404,
        "invalid_request_error",
        f"No such {word}: '{identity}'",
        code="resource_missing",
        param=param,
    )


def invalid(message: str, param: str | None = None, code: str | None = None) -> StripeError:
    """A request that makes no sense."""
    return StripeError(400, "invalid_request_error", message, param=param, code=code)


def required(param: str) -> StripeError:
    """A parameter that is not there."""
    return invalid(f"Missing required param: {param}.", param, "parameter_missing")


def unknown_url(method: str, path: str) -> StripeError:
    """A path that Stripe does not have."""
    message = (
        f"Unrecognized request URL ({method}: {path}). Please see "
        f"https://stripe.com/docs or we can help at https://support.stripe.com/."
    )
    return StripeError(404, "invalid_request_error", message)


def unauthorized(key: str | None) -> StripeError:
    """No key, or one that no account has."""
    if not key:
        message = (
            "You did not provide an API key. You need to provide your API key in the "
            "Authorization header, "
            "using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
        )
        return StripeError(401, "invalid_request_error", message)
    shown = f"{key[:8]}{'*' * max(len(key) - 12, 3)}{key[-4:]}" if len(key) > 12 else "*" * len(key)
    return StripeError(401, "invalid_request_error", f"Invalid API Key provided: {shown}")
