"""Under which id does a provider show a bank line? Its own, the same on every run.

American banks give lines no ids that leave them: Plaid and Teller each make their own, and another
one for the pending form, so that only what a line says can tell that two are one. European banks
pass on their own reference (the line's id) through whoever asks, on posted lines, if they have one.
"""

from __future__ import annotations

from hashlib import blake2b

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def wire_id(provider: str, line_id: str, pending: bool) -> str:
    """The id of a line at a provider that makes its own, in the provider's look.

    Args:
        provider: plaid or teller.
        line_id: The line's.
        pending: Whether the pending form is meant.

    Raises:
        ValueError: The provider makes no ids.
    """
    text = f"{provider}/{line_id}/{'pending' if pending else 'posted'}"
    digest = blake2b(text.encode(), digest_size=32).digest()
    if provider == "teller":
        return f"txn_{digest.hex()[:21]}"
    if provider != "plaid":
        raise ValueError(f"{provider} makes no ids for bank lines")
    number, letters = int.from_bytes(digest, "big"), []
    for _ in range(37):
        number, rest = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[rest])
    return "".join(letters)
