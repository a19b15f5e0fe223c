"""Which merchants are known by name? Brands and businesses of public lists, by their key.

`rows/brands.csv` is drawn from the name-suggestion-index of OpenStreetMap's contributors (BSD
3-Clause), airlines, hotels and car rentals from the public list of merchant category codes
(Unlicense), `rows/businesses.csv` is our own. A key that the lists give two categories is left out.
"""

from dataclasses import dataclass
from functools import cache

from ml.category.taxonomy import read_rows
from ml.merchants.descriptors import merchant_key

# Merchant category codes whose description is one company's name.
_NAMED_CODES = ("travel.flights", "travel.car_rental", "travel.lodging")


@dataclass(frozen=True, slots=True)
class Known:
    """A merchant that the lists know."""

    name: str
    category: str
    website: str


@cache
def merchants() -> dict[str, Known]:
    """Return the known merchants by key.

    Examples
    --------
    >>> merchants()["github"].category
    'technology.software'
    """
    own = [Known(row["name"], row["category"], row["website"]) for row in read_rows("businesses")]
    found = {merchant_key(one.name): one for one in own}
    others: dict[str, Known | None] = {}
    for one in listed():
        key = merchant_key(one.name)
        before = others.get(key, one)
        others[key] = one if before is not None and before.category == one.category else None
    return {key: one for key, one in others.items() if one is not None and len(key) > 2} | found


def listed() -> list[Known]:
    """Return the merchants of the public lists, as they name them."""
    brands = [Known(row["name"], row["category"], "") for row in read_rows("brands")]
    for row in read_rows("mcc"):
        is_company = 3000 <= int(row["mcc"]) < 4000
        if is_company and row["category"] in _NAMED_CODES:
            brands.append(Known(row["description"].title(), row["category"], ""))
    return brands


@cache
def by_first_words() -> dict[str, Known]:
    """Return the merchants whose name may be followed by a place: "shell fiveways" is Shell.

    Only our own list: of its names it was checked that they begin no other business's.
    """
    return {key: one for key, one in merchants().items() if one.website and len(key) > 3}


def find(key: str) -> Known | None:
    """Return the merchant that a key names, alone or before a place."""
    exact = merchants().get(key)
    if exact is not None:
        return exact
    words = key.split(" ")
    for length in range(min(len(words) - 1, 4), 0, -1):
        before = by_first_words().get(" ".join(words[:length]))
        if before is not None and len(words) - length <= 4:
            return before
    return None


def key_of(name: str) -> str:
    """Return the key of a merchant's clean name."""
    return merchant_key(name)
