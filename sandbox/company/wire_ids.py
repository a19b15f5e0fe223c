"""Under which id does a provider show a bank line? Its own, the same on every run.

Every provider names one line differently, and a pending line otherwise than the posted one, so that
only what the line says can tell that they are one.
"""

from __future__ import annotations

from hashlib import blake2b

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def wire_id(provider: str, line_id: str, pending: bool) -> str:
    """The id of a line at a provider, in the provider's own look.

    Args:
        provider: plaid, teller, gocardless or enablebanking.
        line_id: The line's.
        pending: Whether the pending form is meant.
    """
    text = f"{provider}/{line_id}/{'pending' if pending else 'posted'}"
    digest = blake2b(text.encode(), digest_size=32).digest()
    if provider == "plaid":
        number, letters = int.from_bytes(digest, "big"), []
        for _ in range(37):
            number, rest = divmod(number, len(_ALPHABET))
            letters.append(_ALPHABET[rest])
        return "".join(letters)
    if provider == "teller":
        return f"txn_{digest.hex()[:21]}"
    if provider == "gocardless":
        return digest.hex()[:32]
    if provider == "enablebanking":
        return str(int.from_bytes(digest[:8], "big"))
    raise ValueError(f"{provider} shows no bank lines")
