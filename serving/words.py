"""Which texts does a request take? Ids and names, limited before they reach any engine."""

from typing import Annotated

from babel.core import get_global
from pydantic import AfterValidator, Field, StringConstraints


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("only printable characters, on one line")
    return text


# What is legal tender somewhere today, after CLDR: an amount may be of a currency that is no more,
# but nothing is converted into one.
TENDERED = frozenset(
    code
    for currencies in get_global("territory_currencies").values()
    for code, _, ended, is_tender in currencies
    if is_tender and ended is None
)


def _tendered(code: str) -> str:
    if code not in TENDERED:
        raise ValueError("no country's currency today (ISO 4217: EUR, USD, …)")
    return code


Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,200}$")]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
TenderedCurrency = Annotated[
    Currency, AfterValidator(_tendered), Field(json_schema_extra={"enum": sorted(TENDERED)})
]
Search = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=2, max_length=100),
    AfterValidator(_printable),
]
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100),
    AfterValidator(_printable),
]
