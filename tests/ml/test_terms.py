"""A term says of a column and of each of its rows the same, null included, however it is built."""

from datetime import date
from functools import reduce

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.terms import Term, always, field, first_of, text, when

SCHEMA = {"n": pl.Int64(), "m": pl.Int64(), "a": pl.String(), "b": pl.String(), "is": pl.Boolean()}
TEXTS = st.none() | st.sampled_from(["", " ", "travel.flights", "travel", "x.y.z", "\u00a0b "])
LINES = st.lists(
    st.fixed_dictionaries(
        {"n": st.none() | st.integers(-3, 3), "m": st.none() | st.integers(-3, 3), "a": TEXTS,
         "b": TEXTS, "is": st.none() | st.booleans()}
    ),
    max_size=4,
)  # fmt: skip
NUMBERS = st.sampled_from([field("n"), field("m"), -field("n"), field("n") * field("m")])
WORDS = st.recursive(
    st.sampled_from(
        [field("a"), field("b"), always(None), always("c"), field("a").stripped(),
         field("b").up_to("."), field("a").fill_null("none")]
    ),
    lambda inner: st.lists(inner, min_size=1, max_size=3).flatmap(
        lambda parts: st.sampled_from([text(*parts), first_of(*parts)])
    ),
    max_leaves=5,
)  # fmt: skip


def _compared(one: Term, other: Term) -> list[Term]:
    return [one < other, one <= other, one > other, one >= other, one == other, one != other]


ATOMS = st.one_of(
    st.tuples(NUMBERS, NUMBERS).flatmap(lambda two: st.sampled_from(_compared(*two))),
    st.tuples(WORDS, WORDS).flatmap(lambda two: st.sampled_from(_compared(*two)[4:])),
    WORDS.flatmap(
        lambda word: st.sampled_from(
            [word.is_null(), word.is_not_null(), word.is_in(["travel", ""]),
             word.starts_with("travel")]
        )
    ),
    st.sampled_from([field("is"), always(value=True), field("n") > 0]),
)  # fmt: skip
TRUTHS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        inner.map(lambda one: ~one),
        st.tuples(inner, inner).map(lambda two: two[0] & two[1]),
        st.tuples(inner, inner).map(lambda two: two[0] | two[1]),
    ),
    max_leaves=6,
)


@settings(deadline=None, max_examples=150)
@given(LINES, TRUTHS, WORDS, WORDS)
def test_a_column_and_its_rows_are_told_the_same(lines, truth: Term, yes: Term, no: Term):
    frame = pl.DataFrame(lines, schema=SCHEMA)
    terms = {"truth": truth, "word": when(truth, yes, no), "or nothing": when(truth, yes)}
    # Literals alone would make one row: the row's number stands beside them.
    told = frame.with_row_index("place").select(
        "place", *(term.expr.alias(name) for name, term in terms.items())
    )
    assert told.drop("place").rows() == [
        tuple(term.of(line) for term in terms.values()) for line in lines
    ]


def test_terms_of_many_parts_are_one_term():
    words = reduce(lambda so_far, part: text(so_far, part), [field("a")] * 3)
    assert words.of({"a": "ab"}) == "ababab"
    day = field("on").is_not_null() & (field("on") == date(2024, 5, 1))
    assert [day.of({"on": on}) for on in (None, date(2024, 5, 1))] == [False, True]
