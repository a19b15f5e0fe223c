"""How is a base64 HMAC-SHA256 over the body (QuickBooks, Xero) checked?"""

import base64
import hmac
from collections.abc import Sequence

from core.webhooks.delivery import Delivery, InvalidSignatureError, header, matches


def verify_body_hmac(delivery: Delivery, name: str, secrets: Sequence[str]) -> None:
    """Check the header `name`; the sender gives no time, so none is checked.

    Raises:
        InvalidSignatureError: No secret made it.
    """
    given = header(delivery, name).strip().encode("latin-1", "replace")
    expected = [
        base64.b64encode(hmac.digest(secret.encode(), delivery.body, "sha256"))
        for secret in secrets
    ]
    if not matches([given], expected):
        raise InvalidSignatureError(f"No secret of the connection made the {name}.")
