"""How does Stripe show what the company sells?

Products, prices, plans, coupons, promotion codes, tax rates, meters.
"""

from __future__ import annotations

import json
from typing import Any

from sandbox.company.catalog import (
    ALL_PRICES,
    CALLS,
    CALLS_METER,
    COUPONS,
    DAY,
    METERED_PRICES,
    PRODUCTS,
    TAX_RATES,
    Coupon,
    Meter,
    Price,
    Product,
    TaxRate,
)

Row = tuple[str, str, int, str | None, str | None, str | None, str]


def encode(value: Any) -> str:
    """Compact JSON text."""
    return json.dumps(value, separators=(",", ":"))


def _meter(price: Price) -> str | None:
    return price.meter.id if price.meter else None


def _usage_type(price: Price) -> str:
    return "metered" if price.meter else "licensed"


def _whole(price: Price) -> int | None:
    """The unit amount where it is a whole number of minor units."""
    return int(price.unit_decimal) if price.unit_decimal.isdigit() else None


def meter_object(meter: Meter, created: int) -> dict[str, Any]:
    """One meter: sums the values of its events, by the customer that they name."""
    return {
        "id": meter.id, "object": "billing.meter", "created": created,
        "customer_mapping": {"event_payload_key": "stripe_customer_id", "type": "by_id"},
        "default_aggregation": {"formula": "sum"}, "display_name": meter.name,
        "event_name": meter.event_name, "event_time_window": "day", "livemode": False,
        "status": "active", "status_transitions": {"deactivated_at": None}, "updated": created,
        "value_settings": {"event_payload_key": "value"},
    }  # fmt: skip


def product_object(product: Product, created: int) -> dict[str, Any]:
    """One product."""
    sold = (*ALL_PRICES, *METERED_PRICES.values())
    default = next((price.id for price in sold if price.product is product), None)
    return {
        "id": product.id, "object": "product", "active": True, "created": created,
        "default_price": default, "description": product.description,
        "images": [], "livemode": False, "marketing_features": [], "metadata": {"key": product.key},
        "name": product.name,
        "package_dimensions": None, "shippable": None, "statement_descriptor": None,
        "tax_code": None, "type": "service",
        "unit_label": "call" if product is CALLS else "seat", "updated": created, "url": None,
    }  # fmt: skip


def price_object(price: Price, created: int) -> dict[str, Any]:
    """One price."""
    return {
        "id": price.id, "object": "price", "active": price.active, "billing_scheme": "per_unit",
        "created": created, "currency": price.currency,
        "custom_unit_amount": None, "livemode": False, "lookup_key": None, "metadata": {},
        "nickname": price.nickname, "product": price.product.id,
        "recurring": {"interval": price.interval, "interval_count": 1, "meter": _meter(price),
        "trial_period_days": None, "usage_type": _usage_type(price)},
        "tax_behavior": "exclusive", "tiers_mode": None, "transform_quantity": None,
        "type": "recurring",
        "unit_amount": _whole(price), "unit_amount_decimal": price.unit_decimal,
    }  # fmt: skip


def plan_object(price: Price, created: int) -> dict[str, Any]:
    """The older form of a price."""
    return {
        "id": price.id, "object": "plan", "active": price.active, "amount": _whole(price),
        "amount_decimal": price.unit_decimal,
        "billing_scheme": "per_unit", "created": created, "currency": price.currency,
        "interval": price.interval, "interval_count": 1,
        "livemode": False, "metadata": {}, "meter": _meter(price), "nickname": price.nickname,
        "product": price.product.id, "tiers_mode": None,
        "transform_usage": None, "trial_period_days": None, "usage_type": _usage_type(price),
    }  # fmt: skip


def coupon_object(coupon: Coupon, created: int) -> dict[str, Any]:
    """One coupon."""
    return {
        "id": coupon.id, "object": "coupon", "amount_off": coupon.amount_off, "created": created,
        "currency": coupon.currency,
        "duration": coupon.duration, "duration_in_months": coupon.months, "livemode": False,
        "max_redemptions": None, "metadata": {},
        "name": coupon.name, "percent_off": coupon.percent_off, "redeem_by": None,
        "times_redeemed": 0, "valid": True,
    }  # fmt: skip


def tax_rate_object(rate: TaxRate, created: int) -> dict[str, Any]:
    """One tax rate."""
    percentage = rate.basis_points / 100
    return {
        "id": rate.id, "object": "tax_rate", "active": True, "country": rate.country,
        "created": created, "description": None,
        "display_name": rate.name, "effective_percentage": percentage, "flat_amount": None,
        "inclusive": False, "jurisdiction": rate.country,
        "jurisdiction_level": "country", "livemode": False, "metadata": {},
        "percentage": percentage, "rate_type": "percentage", "state": None,
        "tax_type": "vat" if rate.name == "VAT" else "jct",
    }  # fmt: skip


class CatalogTexts:
    """The catalog as ready JSON texts, by fact."""

    def __init__(self, start: int, metered: bool = False) -> None:
        """Render the catalog of a company that began at `start`; `metered` sells calls too."""
        self.created, self.metered = start - 10 * DAY, metered
        self.sold = (*ALL_PRICES, *(METERED_PRICES.values() if metered else ()))
        self.prices = {price.id: encode(price_object(price, self.created)) for price in self.sold}
        self.plans = {price.id: encode(plan_object(price, self.created)) for price in self.sold}
        self.tax_rates = {
            rate.id: encode(tax_rate_object(rate, self.created)) for rate in TAX_RATES.values()
        }

    def rows(self) -> list[Row]:
        """Every catalog object, deleted ones as tombstones."""
        at = self.created
        rows: list[Row] = []
        for product in (*PRODUCTS, *((CALLS,) if self.metered else ())):
            if product.deleted:
                rows.append(tombstone("product", product.id, at))
            else:
                rows.append(
                    (
                        "product",
                        product.id,
                        at,
                        None,
                        None,
                        None,
                        encode(product_object(product, at)),
                    )
                )
        for price in self.sold:
            rows.append(
                ("price", price.id, at, None, price.product.id, None, self.prices[price.id])
            )
            # The same id names the plan, so the store keeps it under a name of its own.
            rows.append(
                ("plan", f"plan:{price.id}", at, None, price.product.id, None, self.plans[price.id])
            )
        for coupon in COUPONS.values():
            if coupon.deleted:
                rows.append(tombstone("coupon", coupon.id, at))
            else:
                rows.append(
                    ("coupon", coupon.id, at, None, None, None, encode(coupon_object(coupon, at)))
                )
        for rate in TAX_RATES.values():
            rows.append(("tax_rate", rate.id, at, None, None, None, self.tax_rates[rate.id]))
        promotion = {
            "id": "promo_1NwLaunch20", "object": "promotion_code", "active": True, "code": "LAUNCH",
            "created": at, "customer": None,
            "customer_account": None, "expires_at": None, "livemode": False,
            "max_redemptions": None, "metadata": {},
            "promotion": {"coupon": "LAUNCH20", "type": "coupon"},
            "restrictions": {"first_time_transaction": False, "minimum_amount": None,
            "minimum_amount_currency": None}, "times_redeemed": 0,
        }  # fmt: skip
        rows.append(
            ("promotion_code", "promo_1NwLaunch20", at, None, "LAUNCH20", None, encode(promotion))
        )
        if self.metered:
            meter = encode(meter_object(CALLS_METER, at))
            rows.append(("billing.meter", CALLS_METER.id, at, None, None, "active", meter))
        return rows


def tombstone(kind: str, identity: str, created: int) -> Row:
    """What is left of a deleted object: found by id, in no list."""
    body = encode({"id": identity, "object": kind, "deleted": True})
    return (f"deleted_{kind}", identity, created, None, None, None, body)
