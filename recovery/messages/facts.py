"""What may a template name? Typed facts about one debt, formatted as the reader's language has it.

Facts that not every debt has are None, and a template says `{% if next_attempt_on %}` before it
uses one; a template that does not is found before it is published (`faults`).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency

from core.errors import InvalidInputError
from core.money import Money

_CODE_BESIDE_DIGIT = re.compile(r"([A-Z])(\d)")
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one debt when a message about it is written.

    `reason` is one of the reasons of the seed `decline_codes`, or empty; readers are told in words
    that give away nothing about them (`reason_text`).

    Raises:
        InvalidInputError: `pay_url` is not an https address (http on this machine).
    """

    company_name: str
    support_email: str
    amount: Money
    pay_url: str
    customer_name: str | None = None
    invoice_number: str | None = None
    plan_name: str | None = None
    reason: str | None = None
    card_last4: str | None = None
    card_expires_on: date | None = None
    failed_on: date | None = None
    due_on: date | None = None
    next_attempt_on: date | None = None
    access_ends_on: date | None = None

    def __post_init__(self) -> None:
        """Refuse a link that could be read on its way."""
        url = urlsplit(self.pay_url)
        is_local = url.scheme == "http" and url.hostname in _LOOPBACK
        if not (url.hostname and (url.scheme == "https" or is_local)):
            raise InvalidInputError("pay_url must be an https address.")

    def bare(self) -> "Facts":
        """Return the same debt with nothing known that need not be."""
        nothing: dict[str, Any] = dict.fromkeys(OPTIONAL)
        return replace(self, **nothing)

    def formatted(self, locale: Locale, reasons: dict[str, str]) -> dict[str, str | None]:
        """Return every fact as the reader sees it; None where it is not known."""
        return {
            name: None if getattr(self, name) is None else _FORMATS[name](self, locale, reasons)
            for name in NAMES
        }


def _text(name: str) -> Callable[[Facts, Locale, dict[str, str]], str]:
    return lambda facts, _locale, _reasons: str(getattr(facts, name))


def _date(name: str) -> Callable[[Facts, Locale, dict[str, str]], str]:
    return lambda facts, locale, _reasons: format_date(getattr(facts, name), "long", locale)


def money(amount: Money, locale: Locale) -> str:
    """Return an amount as a language writes it, with all of its currency's decimals, exactly."""
    written = format_currency(Decimal(amount.decimal()), amount.currency, locale=locale)
    # CLDR asks for a space between a code's letters and digits; Babel leaves it out.
    return _CODE_BESIDE_DIGIT.sub("\\1\N{NO-BREAK SPACE}\\2", written)


NAMES = tuple(field.name for field in fields(Facts))
OPTIONAL = tuple(field.name for field in fields(Facts) if field.default is None)
_FORMATS: dict[str, Callable[[Facts, Locale, dict[str, str]], Any]] = {
    **{name: _text(name) for name in NAMES},
    **{name: _date(name) for name in NAMES if name.endswith("_on")},
    "amount": lambda facts, locale, _reasons: money(facts.amount, locale),
    "card_expires_on": lambda facts, locale, _reasons: format_date(
        facts.card_expires_on, "LLLL y", locale
    ),
    "reason": lambda facts, _locale, reasons: reasons.get(facts.reason or "", reasons["issuer"]),
}

# A debt of which everything is known: for previews and checks.
EXAMPLE = Facts(
    company_name="Northwind Analytics",
    support_email="billing@northwind.example",
    amount=Money(4900, "EUR"),
    pay_url="https://pay.northwind.example/r/8f2k",
    customer_name="Ada Byron",
    invoice_number="INV-2041",
    plan_name="Team",
    reason="funds",
    card_last4="4242",
    card_expires_on=date(2027, 1, 31),
    failed_on=date(2026, 11, 20),
    due_on=date(2026, 11, 18),
    next_attempt_on=date(2026, 11, 25),
    access_ends_on=date(2026, 12, 4),
)
