"""Which merchants are known by name? Brands and businesses of public lists, by their key.

`rows/brands.csv` is drawn from the name-suggestion-index of OpenStreetMap's contributors (BSD
3-Clause), airlines, hotels and car rentals from the public list of merchant category codes
(Unlicense), `rows/businesses.csv` is our own. A key that the lists give two categories is left out.
"""

import csv
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ml.merchants.descriptors import merchant_key
from ml.merchants.rules import COMMON_WORDS

# Merchant category codes whose description is one company's name.
_COMPANIES = range(3000, 4000)
# Of a name's words this many are looked up, and so many may follow it: a place, a department.
_MOST_WORDS = 4
# Letters of a cut name that still mean one merchant.
_LEAST_CUT = 12


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
    own = [Known(row["name"], row["category"], row["website"]) for row in _rows("businesses")]
    found = {merchant_key(one.name): one for one in own}
    others: dict[str, Known | None] = {}
    for one in listed():
        key = merchant_key(one.name)
        before = others.get(key, one)
        others[key] = one if before is not None and before.category == one.category else None
    return {key: one for key, one in others.items() if one is not None and len(key) > 2} | found


def listed() -> list[Known]:
    """Return the merchants of the public lists, as they name them."""
    brands = [Known(row["name"], row["category"], "") for row in _rows("brands")]
    codes = files("ml.category").joinpath("rows", "mcc.csv").read_text("utf-8")
    return brands + [
        Known(row["description"].title(), row["category"], "")
        for row in csv.DictReader(codes.splitlines())
        if int(row["mcc"]) in _COMPANIES
    ]


@cache
def countries() -> dict[str, str]:
    """Return in which country a listed brand is at home, by key; none of those in several.

    Examples
    --------
    >>> countries()["migros bank"]
    'ch'
    """
    found: dict[str, set[str]] = {}
    for row in _rows("brands"):
        found.setdefault(merchant_key(row["name"]), set()).add(row["country"])
    return {key: min(known) for key, known in found.items() if len(known) == 1 and "" not in known}


def find(key: str) -> Known | None:
    """Return the merchant that a key names, alone or before a place.

    Only of our own list a name may be followed by other words, and only one that is no word of
    every day: "shell fiveways" is Shell, "orange county dental" is not Orange.

    Examples
    --------
    >>> find("shell fiveways").name, find("orange county dental")
    ('Shell', None)
    """
    exact = merchants().get(key) or _cut_off(key)
    if exact is not None:
        return exact
    words = key.split(" ")
    for length in range(min(len(words) - 1, _MOST_WORDS), 0, -1):
        before = _by_first_words().get(" ".join(words[:length]))
        if before is not None and len(words) - length <= _MOST_WORDS:
            return before
    return None


def _cut_off(key: str) -> Known | None:
    """Return the one merchant whose name a bank's field cut off: "blue bottle coff"."""
    if len(key) < _LEAST_CUT or " " not in key:
        return None
    names = _sorted_keys()
    place = bisect_left(names, key)
    fitting = [name for name in names[place : place + 2] if name.startswith(key)]
    return merchants()[fitting[0]] if len(fitting) == 1 else None


@cache
def _sorted_keys() -> list[str]:
    return sorted(merchants())


@cache
def _by_first_words() -> dict[str, Known]:
    return {
        key: one
        for key, one in merchants().items()
        if one.website and len(key) > 3 and key not in COMMON_WORDS
    }


def _rows(name: str) -> list[dict[str, str]]:
    text = files("ml.merchants").joinpath("rows", f"{name}.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))
