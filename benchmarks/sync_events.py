"""What do the sync engine's benchmarks send? Events of charges, signed as Stripe signs them."""

import hashlib
import hmac
import json
import time

SECRET = "whsec_bench"


def charge(name: str) -> bytes:
    """Return an event of a charge of about three kilobytes."""
    now = int(time.time())
    shown = {
        "id": name, "object": "charge", "amount": 4900, "amount_captured": 4900,
        "amount_refunded": 0, "captured": True, "created": now, "currency": "usd",
        "customer": "cus_bench", "paid": True, "refunded": False, "status": "succeeded",
        "livemode": False, "disputed": False, "metadata": {"text": "x" * 2500},
    }  # fmt: skip
    event = {
        "id": f"evt_{name}", "object": "event", "created": now, "type": "charge.succeeded",
        "api_version": "2025-03-31.basil", "data": {"object": shown},
    }  # fmt: skip
    return json.dumps(event).encode()


def signed(body: bytes) -> dict[str, str]:
    """Return the header of a delivery made now."""
    at = int(time.time())
    made = hmac.new(SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={at},v1={made}"}
