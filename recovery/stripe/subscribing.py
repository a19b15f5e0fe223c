"""What does a subscription tell of its plan, and of when it ends?"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from recovery.stripe.client import RefusedError, StripeClient


def product_of(subscription: Mapping[str, Any]) -> str:
    """Return the id of what is subscribed to; of several the dearest; empty for none."""
    items = (subscription.get("items") or {}).get("data") or []
    dearest = max(items, key=_worth, default=None)
    product = ((dearest or {}).get("price") or {}).get("product")
    return str(product.get("id") if isinstance(product, Mapping) else product or "")


def product_name(client: StripeClient, product_id: str) -> str:
    """Return what a product is called; empty where that may not be read.

    Raises:
        UnansweredError: Stripe did not answer.
    """
    try:
        found = client.find(f"/v1/products/{product_id}") if product_id else None
    except RefusedError:  # a key without the right to read products
        return ""
    return str((found or {}).get("name") or "")


def period_end(subscription: Mapping[str, Any]) -> datetime | None:
    """Return the end of its current period."""
    items = (subscription.get("items") or {}).get("data") or []
    ends = [item["current_period_end"] for item in items if item.get("current_period_end")]
    return datetime.fromtimestamp(max(ends), UTC) if ends else None


def told_to_end(subscription: Mapping[str, Any]) -> datetime | None:
    """Return when it will end because it was told to; None where it goes on."""
    if subscription.get("cancel_at"):
        return datetime.fromtimestamp(subscription["cancel_at"], UTC)
    return period_end(subscription) if subscription.get("cancel_at_period_end") else None


def _worth(item: Mapping[str, Any]) -> tuple[int, str]:
    price = item.get("price") or {}
    return (price.get("unit_amount") or 0) * (item.get("quantity") or 1), str(item.get("id"))
