"""Where is a payer reached? Numbers in international form, and addresses by their hash."""

import hashlib
import re

_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_BETWEEN = re.compile(r"[\s().\-/]")


def phone_number(text: str) -> str:
    """Return a number as networks dial it (E.164); empty where its country is not said."""
    number = _BETWEEN.sub("", text.strip())
    if number.startswith("00"):
        number = f"+{number[2:]}"
    return number if _NUMBER.fullmatch(number) else ""


def address_hash(address: str) -> str:
    """Return the name under which an address or number is kept; it itself is not.

    However a number is written, it is one number.
    """
    named = phone_number(address) or address.strip().lower()
    return hashlib.sha256(named.encode()).hexdigest()
