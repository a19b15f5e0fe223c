"""What does the model of names learn from? Public lists' names, and made-up ones of telling words.

Real: the names of brands, airlines, hotels and businesses (`ml.merchants.known`) with the category
that their list gives them. Synthetic: what banks do to a name (a city behind it, letters cut off),
and small businesses put together from a surname, a place or a letter and a telling word of
`rows/words.csv` ("kowalski bakery"). Which names are for training, calibration or the frozen test
is a hash of the name, the same in every training: no name stands on two sides.
"""

import hashlib
import random
from dataclasses import dataclass
from typing import Literal

from ml.category.taxonomy import read_rows
from ml.merchants.descriptors import merchant_key
from ml.merchants.known import listed, merchants

Side = Literal["training", "calibration", "test"]
Origin = Literal["listed", "made up"]

CITIES = (
    "austin tx", "london", "berlin", "hamburg de", "san francisco ca", "new york ny", "paris",
    "amsterdam", "birmingham", "manchester gb", "chicago il", "seattle wa", "munchen", "koln",
    "dublin irl", "madrid", "boston ma", "leeds", "denver co", "utrecht", "lyon", "wien",
    "miami fl", "portland or", "dallas tx", "bristol", "glasgow", "frankfurt", "los angeles ca",
    "atlanta ga",
)  # fmt: skip
SURNAMES = (
    "smith", "jones", "taylor", "brown", "kowalski", "muller", "schmidt", "weber", "martin",
    "dubois", "garcia", "lopez", "rossi", "bianchi", "jansen", "de vries", "nguyen", "patel",
    "khan", "singh", "chen", "wong", "murphy", "kelly", "anderson", "larsson", "nowak", "novak",
    "horvath", "silva", "costa", "evans", "walker", "wright", "hall", "green", "baker", "king",
)  # fmt: skip
PLACES = (
    "city", "high street", "river", "north", "south", "west end", "old town", "central", "park",
    "station", "village", "royal", "crown", "golden", "star", "first", "premier", "elite",
    "express", "best", "super", "euro", "global", "lake", "hill", "valley", "sunset", "metro",
    "corner", "blue",
)  # fmt: skip
MADE_UP_PER_WORD = 6


@dataclass(frozen=True, slots=True)
class Example:
    """A merchant's key as a bank would leave it, and its category."""

    key: str
    category: str
    origin: Origin
    # What the split goes by: the name in the list, or the telling word with its partner.
    merchant: str


def side_of(merchant: str) -> Side:
    """Return on which side a merchant stands: 80 of 100 train, 8 calibrate, 12 test.

    Examples
    --------
    >>> side_of("github") == side_of("github")
    True
    """
    share = int.from_bytes(hashlib.sha256(merchant.encode()).digest()[:2], "big") % 100
    return "training" if share < 80 else "calibration" if share < 88 else "test"


def examples() -> list[Example]:
    """Return every example, in an order that never changes."""
    draw = random.Random(7)  # noqa: S311 (the same examples every time)
    found = []
    for key, category in sorted(_listed().items()):
        for spelling in _spellings(key, draw):
            found.append(Example(spelling, category, "listed", key))
    for row in read_rows("words"):
        word, category = row["word"], row["category"]
        for number in range(MADE_UP_PER_WORD):
            partner = draw.choice((*SURNAMES, *PLACES))
            # The last two are for the test: partners that training sees with other words only.
            name = f"{partner} {word}" if number % 3 else f"{word} {partner}"
            for spelling in _spellings(name, draw)[: 1 + number % 2]:
                found.append(Example(spelling, category, "made up", f"{word}/{number}"))
    return found


def _listed() -> dict[str, str]:
    own = {key: one.category for key, one in merchants().items()}
    named = {merchant_key(one.name) for one in listed()} | set(own)
    return {key: own[key] for key in named if key in own}


def _spellings(key: str, draw: random.Random) -> list[str]:
    """Return a key as it is, and cut off where a bank's field ends or with a city behind it."""
    cut = key[: draw.randint(10, 18)].strip()
    return [key, cut if len(cut) < len(key) else f"{key} {draw.choice(CITIES)}"]
