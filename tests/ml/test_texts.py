"""A text is read once, whatever differs in its numbers, and read as if it were read alone."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.cases import Cases
from ml.merchants import identified, parse
from ml.terms import field
from ml.texts import Texts, alike, alike_text, either, looked_up

# What banks put together: words, a processor, numbers of an outlet, a reference, a day, a phone.
PIECES = st.sampled_from(
    ["CHECKCARD", "POS PURCHASE", "SQ *", "PAYPAL *", "SHELL", "1800FLOWERS.COM", "Studio",
     "BLUE BOTTLE", "7-ELEVEN", "AUSTIN TX", "*", "-", "05/12", "//HAMBURG/DE", "LTD"]
)  # fmt: skip
NUMBERS = st.from_regex(r"#?[0-9]{1,9}", fullmatch=True)
WORDS = st.sampled_from(["SHELL", "1800FLOWERS.COM", "BLUE BOTTLE"])
DESCRIPTORS = st.tuples(WORDS, st.lists(st.one_of(PIECES, NUMBERS), max_size=5)).map(
    lambda parts: " ".join([parts[0], *parts[1]])
)


def names(texts: list[str | None]) -> list[str]:
    return identified(Texts(alike(pl.Series(texts, dtype=pl.String))))["name"].to_list()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("CHECKCARD 0512 STARBUCKS STORE 1234", "Starbucks"),
        ("1800FLOWERS.COM", "1800Flowers"),
        ("1001 TAPAS", "1001 Tapas"),
        ("SHELL8442", "Shell8442"),
        ("SHELL 58712", "Shell"),
        ("24 HOUR FITNESS 8665551234", "24 Hour Fitness"),
        (None, ""),
    ],
)
def test_numbers_that_are_part_of_a_name_stay_and_references_go(text: str | None, name: str):
    assert names([text]) == [name]


@settings(deadline=None, max_examples=60)
@given(st.lists(DESCRIPTORS, min_size=1, max_size=5))
def test_who_is_behind_a_text_does_not_depend_on_what_makes_it_alike(texts: list[str]):
    found, each = names(texts), parse(pl.Series(texts))["name"].to_list()
    for name, alone in zip(found, each, strict=True):
        # A text of numbers alone names nobody: it stays as it is.
        assert name == alone or not any(map(str.isalpha, alone))


@given(st.lists(st.none() | st.sampled_from(["a", "bb", "", "ccc"]), max_size=8))
def test_what_is_read_stands_beside_every_row_and_each_text_is_read_once(texts):
    asked: list[str] = []

    def reader(text: str) -> tuple[int]:
        asked.append(text)
        return (len(text),)

    found = Texts(pl.Series(texts, dtype=pl.String)).read(reader, {"n": pl.Int64()})
    assert found["n"].to_list() == [None if text is None else len(text) for text in texts]
    assert asked == list(dict.fromkeys(text for text in texts if text is not None))


def test_a_text_that_does_not_hold_the_pattern_is_not_read():
    texts = Texts(pl.Series(["SEPA ÜBERWEISUNG", "shop", None, "shop"]))
    found = texts.read(lambda text: (text.lower(),), {"said": pl.String()}, holding="(?i)überw")
    assert found["said"].to_list() == ["sepa überweisung", None, None, None]
    assert looked_up(pl.Series([None, None], dtype=pl.String), {"a": "b"}).to_list() == [None] * 2
    assert either(["a|b", "^c"]) == "(?:a|b)|(?:^c)"


@settings(deadline=None, max_examples=40)
@given(st.lists(st.none() | st.integers(-2, 8), max_size=6))
def test_the_first_case_that_fits_answers(numbers: list[int | None]):
    n = field("n")
    cases = Cases([(n > 5, "many", 0.9, "Over 5."), (n > 1, "some", 0.8, "Over 1."),
                   (n > 0, None, 0.7, "One.")])  # fmt: skip
    found = cases.first_fitting(pl.DataFrame({"n": pl.Series(numbers, dtype=pl.Int64)}))
    assert found.to_dicts() == [cases.fitting({"n": one}) for one in numbers]

    def by_hand(one: int | None) -> tuple[str | None, float, str]:
        if one is None or one <= 0:
            return None, 0.0, ""
        return (None, 0.7, "One.") if one == 1 else (
            ("some", 0.8, "Over 1.") if one <= 5 else ("many", 0.9, "Over 5.")
        )  # fmt: skip

    assert found.rows() == [by_hand(one) for one in numbers]


@given(st.lists(st.none() | DESCRIPTORS | st.text(alphabet="ab1 \t\u00a0#*-é٣", max_size=12)))
def test_one_text_is_made_alike_as_a_column_is(texts):
    column = alike(pl.Series(texts, dtype=pl.String)).to_list()
    assert column == [alike_text(one) for one in texts]
