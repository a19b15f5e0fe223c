"""What can be done with customers and what is sold to them?

Customers, products, prices, coupons, portal sessions.
"""

from __future__ import annotations

import hashlib
from typing import Any

from sandbox.stripe.errors import invalid, required
from sandbox.stripe.forms import as_bool, as_int, as_list
from sandbox.stripe.operations.credits import move
from sandbox.stripe.operations.invoices import bury
from sandbox.stripe.operations.payment_methods import attach_to, resolve
from sandbox.stripe.operations.session import Fields, Session, metadata
from sandbox.stripe.operations.subscriptions import cancel
from sandbox.stripe.portal import PREFIX

_PLAIN = ("name", "email", "phone", "description", "tax_exempt")


def create(session: Session, params: Fields) -> Fields:
    """POST /v1/customers."""
    identity = session.new_id("cus")
    prefix = hashlib.blake2b(identity.encode(), digest_size=4).hexdigest().upper()
    value: Fields = {
        "id": identity, "object": "customer", "address": params.get("address"),
        "balance": 0,
        "created": session.now, "currency": None, "customer_account": None, "default_source": None,
        "delinquent": False, "description": None,
        "discount": None, "email": None, "invoice_prefix": prefix,
        "invoice_settings": {"custom_fields": None, "default_payment_method": None, "footer": None,
        "rendering_options": None}, "livemode": False,
        "metadata": metadata({}, params), "name": None, "next_invoice_sequence": 1, "phone": None,
        "preferred_locales": _locales(params),
        "shipping": params.get("shipping"), "tax_exempt": "none", "test_clock": None,
    }  # fmt: skip
    value |= {name: params[name] for name in _PLAIN if params.get(name)}
    session.save(value)
    session.emit("customer.created", value)
    if initial := as_int(params.get("balance", 0), "balance"):
        move(session, value, initial, "initial", "eur")
    if "payment_method" in params:
        attach_to(session, resolve(session, params["payment_method"], "payment_method"), value)
    wanted = _default_method(session, value, params)
    if wanted is not None:
        session.change(value, {"invoice_settings": wanted}, None)
    return value


def _locales(params: Fields) -> list[Any]:
    return as_list(params.get("preferred_locales") or [], "preferred_locales")


def _default_method(session: Session, customer: Fields, params: Fields) -> Fields | None:
    settings = params.get("invoice_settings")
    if not isinstance(settings, dict) or "default_payment_method" not in settings:
        return None
    chosen: str | None = None
    if settings["default_payment_method"]:
        method = session.load(
            "payment_method",
            settings["default_payment_method"],
            "invoice_settings[default_payment_method]",
        )
        if method["customer"] != customer["id"]:
            message = (
                f"The customer does not have a payment method with the ID "
                f"{method['id']}. The payment method must be attached to the customer."
            )
            raise invalid(message, "invoice_settings[default_payment_method]", "resource_missing")
        chosen = method["id"]
    return {**customer["invoice_settings"], "default_payment_method": chosen}


def update(session: Session, params: Fields, identity: str) -> Fields:
    """POST /v1/customers/{id}."""
    value = session.load("customer", identity)
    changes: Fields = {"metadata": metadata(value, params)}
    changes |= {name: params[name] or None for name in _PLAIN if name in params}
    if "preferred_locales" in params:
        changes["preferred_locales"] = _locales(params)
    if isinstance(params.get("address"), dict):
        changes["address"] = {**(value["address"] or {}), **params["address"]}
    settings = _default_method(session, value, params)
    if settings is not None:
        changes["invoice_settings"] = settings
    if "balance" in params:
        moved = as_int(params["balance"], "balance") - value["balance"]
        if moved:
            move(session, value, moved, "adjustment", value["currency"] or "eur")
    return session.change(value, changes, "customer.updated")


def delete(session: Session, params: Fields, identity: str) -> Fields:
    """DELETE /v1/customers/{id}: their subscriptions end, their methods are let go."""
    value = session.load("customer", identity)
    for subscription in session.of_customer("subscription", identity):
        if subscription["status"] not in ("canceled", "incomplete_expired"):
            cancel(session, {}, subscription["id"])
    for method in session.of_customer("payment_method", identity):
        method["customer"] = None
        session.save(method)
        session.emit("payment_method.detached", method, {"customer": identity})
    session.emit("customer.deleted", value)
    return bury(session, value)


def create_product(session: Session, params: Fields) -> Fields:
    """POST /v1/products."""
    if "name" not in params:
        raise required("name")
    value: Fields = {
        "id": params.get("id") or session.new_id("prod"), "object": "product",
        "active": as_bool(params.get("active", "true"), "active"),
        "created": session.now, "default_price": None, "description": params.get("description"),
        "images": [], "livemode": False,
        "marketing_features": [], "metadata": metadata({}, params), "name": params["name"],
        "package_dimensions": None, "shippable": None,
        "statement_descriptor": None, "tax_code": None, "type": "service", "unit_label": None,
        "updated": session.now, "url": None,
    }  # fmt: skip
    session.save(value)
    session.emit("product.created", value)
    return value


def create_price(session: Session, params: Fields) -> Fields:
    """POST /v1/prices."""
    for name in ("currency", "product", "unit_amount"):
        if name not in params:
            raise required(name)
    amount = as_int(params["unit_amount"], "unit_amount")
    recurring = params.get("recurring")
    if isinstance(recurring, dict):
        count = as_int(recurring.get("interval_count", 1), "recurring[interval_count]")
        shape = {
            "interval": recurring.get("interval", "month"),
            "interval_count": count,
            "meter": None,
            "trial_period_days": None,
            "usage_type": "licensed",
        }
    value: Fields = {
        "id": session.new_id("price"), "object": "price", "active": True,
        "billing_scheme": "per_unit", "created": session.now,
        "currency": str(params["currency"]).lower(), "custom_unit_amount": None, "livemode": False,
        "lookup_key": params.get("lookup_key"),
        "metadata": metadata({}, params), "nickname": params.get("nickname"),
        "product": session.load("product", params["product"], "product")["id"],
        "recurring": shape if isinstance(recurring, dict) else None, "tax_behavior": "unspecified",
        "tiers_mode": None, "transform_quantity": None,
        "type": "recurring" if isinstance(recurring, dict) else "one_time", "unit_amount": amount,
        "unit_amount_decimal": str(amount),
    }  # fmt: skip
    session.save(value)
    session.emit("price.created", value)
    return value


def create_coupon(session: Session, params: Fields) -> Fields:
    """POST /v1/coupons."""
    percent: Any = params.get("percent_off")
    off = as_int(params["amount_off"], "amount_off") if "amount_off" in params else None
    if (percent is None) == (off is None):
        raise invalid("Exactly one of percent_off and amount_off is required.", "percent_off")
    try:
        share = None if percent is None else float(percent)
    except (TypeError, ValueError):
        raise invalid(f"Invalid decimal: {percent}", "percent_off") from None
    value: Fields = {
        "id": params.get("id") or session.new_id("coupon"), "object": "coupon", "amount_off": off,
        "created": session.now,
        "currency": params.get("currency"), "duration": params.get("duration", "once"),
        "duration_in_months": as_int(params["duration_in_months"],
        "duration_in_months") if "duration_in_months" in params else None,
        "livemode": False, "max_redemptions": None, "metadata": metadata({}, params),
        "name": params.get("name"),
        "percent_off": share, "redeem_by": None,
        "times_redeemed": 0, "valid": True,
    }  # fmt: skip
    session.save(value)
    session.emit("coupon.created", value)
    return value


def _updater(kind: str, *names: str) -> Any:
    def change(session: Session, params: Fields, identity: str) -> Fields:
        value = session.load(kind, identity)
        changes: Fields = {"metadata": metadata(value, params)} | {
            name: params[name] for name in names if name in params
        }
        if "active" in changes:
            changes["active"] = as_bool(changes["active"], "active")
        return session.change(value, changes, f"{kind}.updated")

    return change


def _deleter(kind: str) -> Any:
    def remove(session: Session, params: Fields, identity: str) -> Fields:
        value = session.load(kind, identity)
        session.emit(f"{kind}.deleted", value)
        return bury(session, value)

    return remove


def create_portal_session(session: Session, params: Fields) -> Fields:
    """POST /v1/billing_portal/sessions."""
    if "customer" not in params:
        raise required("customer")
    customer = session.load("customer", params["customer"], "customer")
    identity = session.new_id("bps")
    value: Fields = {
        "id": identity, "object": "billing_portal.session", "configuration": "bpc_1NwDefault",
        "created": session.now, "customer": customer["id"],
        "customer_account": None, "flow": params.get("flow_data"), "livemode": False,
        "locale": params.get("locale"), "on_behalf_of": None,
        "return_url": params.get("return_url"),
        "url": f"{session.origin}{PREFIX}{identity}",
    }  # fmt: skip
    session.account.portal_sessions[identity] = value
    return value


ROUTES = [
    ("POST", "/v1/customers", create),
    ("POST", "/v1/customers/{id}", update),
    ("DELETE", "/v1/customers/{id}", delete),
    ("POST", "/v1/products", create_product),
    ("POST", "/v1/products/{id}", _updater("product", "name", "description", "active")),
    ("DELETE", "/v1/products/{id}", _deleter("product")),
    ("POST", "/v1/prices", create_price),
    ("POST", "/v1/prices/{id}", _updater("price", "nickname", "active", "lookup_key")),
    ("POST", "/v1/coupons", create_coupon),
    ("POST", "/v1/coupons/{id}", _updater("coupon", "name")),
    ("DELETE", "/v1/coupons/{id}", _deleter("coupon")),
    ("POST", "/v1/billing_portal/sessions", create_portal_session),
]
