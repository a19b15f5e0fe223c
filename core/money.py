"""How much is it, exactly? Integer minor units with a currency; never a float.

`EXPONENTS` is the one table of decimals, after ISO 4217 with Stripe's exceptions beside it
(docs.stripe.com/currencies: zero- and three-decimal currencies, special cases). dbt seeds the same
table from here; a test holds the two together.
"""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from core.errors import InvalidInputError

DEFAULT_EXPONENT = 2

# ISO 4217 currencies whose minor unit is not a hundredth.
EXPONENTS: dict[str, int] = {
    "BHD": 3, "BIF": 0, "CLF": 4, "CLP": 0, "DJF": 0, "GNF": 0, "IQD": 3, "ISK": 0, "JOD": 3,
    "JPY": 0, "KMF": 0, "KRW": 0, "KWD": 3, "LYD": 3, "OMR": 3, "PYG": 0, "RWF": 0, "TND": 3,
    "UGX": 0, "UYI": 0, "UYW": 4, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
}  # fmt: skip

# Where Stripe's wire unit differs from ISO's: ISK and UGX travel as two-decimal values that always
# end in 00 ("to charge 5 UGX, provide an amount value of 500"), MGA as zero-decimal.
STRIPE_EXPONENTS: dict[str, int] = {"ISK": 2, "UGX": 2, "MGA": 0}

_MINIMUM, _MAXIMUM = -(2**63), 2**63 - 1


def exponent(currency: str) -> int:
    """Return the number of decimals of a currency's minor unit (JPY 0, USD 2, KWD 3).

    Raises:
        InvalidInputError: `currency` is not three upper-case letters.
    """
    if len(currency) != 3 or not currency.isascii() or not currency.isalpha():
        raise InvalidInputError(f"{currency!r} is not an ISO 4217 currency code.")
    if not currency.isupper():
        raise InvalidInputError(f"{currency!r} is not an upper-case currency code.")
    return EXPONENTS.get(currency, DEFAULT_EXPONENT)


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An exact amount: `amount_minor` of the currency's smallest ISO unit. Positive is money in.

    Raises:
        InvalidInputError: Not a currency code, or an amount that ClickHouse's Int64 cannot hold.
    """

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        exponent(self.currency)
        if isinstance(self.amount_minor, bool) or not isinstance(self.amount_minor, int):
            raise InvalidInputError("Money is counted in whole minor units.")
        if not _MINIMUM <= self.amount_minor <= _MAXIMUM:
            raise InvalidInputError("The amount does not fit 64 bits.")

    @classmethod
    def parse(cls, text: str, currency: str) -> "Money":
        """Read a decimal string in major units, exactly.

        Raises:
            InvalidInputError: Not a plain decimal number, or finer than the currency's unit.
        """
        places = exponent(currency)
        try:
            scaled = Decimal(text).scaleb(places)
        except InvalidOperation:
            raise InvalidInputError(f"{text!r} is not an amount.") from None
        if not scaled.is_finite() or scaled != scaled.to_integral_value():
            raise InvalidInputError(f"{text!r} is not a whole number of {currency} minor units.")
        return cls(int(scaled), currency)

    def __str__(self) -> str:
        return f"{self.decimal()} {self.currency}"

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount_minor + self._same_currency(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount_minor - self._same_currency(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount_minor, self.currency)

    def decimal(self) -> str:
        """Return the amount in major units as a decimal string: `-42.50`, `500`, `5.120`."""
        return format_minor(self.amount_minor, self.currency)

    def _same_currency(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise InvalidInputError(f"{self.currency} and {other.currency} do not add up.")
        return other.amount_minor


def format_minor(amount_minor: int, currency: str) -> str:
    """Return minor units as a decimal string in major units, by integer arithmetic alone."""
    places = exponent(currency)
    sign = "-" if amount_minor < 0 else ""
    digits = str(abs(amount_minor)).rjust(places + 1, "0")
    return f"{sign}{digits}" if places == 0 else f"{sign}{digits[:-places]}.{digits[-places:]}"


def from_stripe(amount: int, currency: str) -> Money:
    """Convert Stripe's wire amount and lower-case currency to ISO minor units.

    Raises:
        InvalidInputError: Stripe's unit is finer than ISO's and the amount is not whole in it.
    """
    code = currency.upper()
    shift = STRIPE_EXPONENTS.get(code, exponent(code)) - exponent(code)
    if shift <= 0:
        return Money(amount * 10**-shift, code)
    whole, rest = divmod(amount, 10**shift)
    if rest:
        raise InvalidInputError(f"{amount} is not a whole amount of {code} in Stripe's unit.")
    return Money(whole, code)
