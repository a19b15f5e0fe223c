"""Where are events sent? Webhook endpoints: create, update, delete; loopback addresses only."""

from __future__ import annotations

import hashlib
from ipaddress import ip_address
from urllib.parse import urlsplit

from sandbox.stripe.errors import invalid, required
from sandbox.stripe.forms import as_bool, as_list
from sandbox.stripe.operations.invoices import bury
from sandbox.stripe.operations.session import Fields, Session, metadata


def check_url(url: str) -> str:
    """An address that events may be sent to.

    Raises:
        StripeError: It is not on this machine's loopback.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    loopback = host == "localhost"
    if not loopback:
        try:
            loopback = ip_address(host).is_loopback
        except ValueError:
            loopback = False
    if parts.scheme not in ("http", "https") or not loopback:
        raise invalid(
            "Invalid URL: the sandbox sends events to loopback addresses only.",
            "url",
            "url_invalid",
        )
    return url


def create(session: Session, params: Fields) -> Fields:
    """POST /v1/webhook_endpoints; only this answer shows the secret."""
    for name in ("url", "enabled_events"):
        if name not in params:
            raise required(name)
    identity = session.new_id("we")
    secret = (
        "whsec_"
        + hashlib.blake2b(f"{session.account.id}/{identity}".encode(), digest_size=16).hexdigest()
    )
    value: Fields = {
        "id": identity, "object": "webhook_endpoint", "api_version": params.get("api_version"),
        "application": None, "created": session.now,
        "description": params.get("description"),
        "enabled_events": as_list(params["enabled_events"], "enabled_events"), "livemode": False,
        "metadata": metadata({}, params), "status": "enabled", "url": check_url(str(params["url"])),
    }  # fmt: skip
    session.save(value)
    session.store.set_meta(f"secret:{identity}", secret)
    return {**value, "secret": secret}


def update(session: Session, params: Fields, identity: str) -> Fields:
    """POST /v1/webhook_endpoints/{id}."""
    value = session.load("webhook_endpoint", identity)
    changes: Fields = {"metadata": metadata(value, params)}
    if "url" in params:
        changes["url"] = check_url(str(params["url"]))
    if "enabled_events" in params:
        changes["enabled_events"] = as_list(params["enabled_events"], "enabled_events")
    if "disabled" in params:
        changes["status"] = "disabled" if as_bool(params["disabled"], "disabled") else "enabled"
    return session.change(value, changes, None)


def delete(session: Session, params: Fields, identity: str) -> Fields:
    """DELETE /v1/webhook_endpoints/{id}."""
    return bury(session, session.load("webhook_endpoint", identity))


ROUTES = [
    ("POST", "/v1/webhook_endpoints", create),
    ("POST", "/v1/webhook_endpoints/{id}", update),
    ("DELETE", "/v1/webhook_endpoints/{id}", delete),
]
