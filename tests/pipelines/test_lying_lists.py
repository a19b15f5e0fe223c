"""Guards completeness against lists that lie: what can be seen in the pages is never accepted."""

import asyncio

import msgspec
import pytest

from pipelines.stripe.errors import ListIntegrityError
from pipelines.stripe.pages import check_page, item_of
from pipelines.stripe.windows import Span
from tests.pipelines.fake_stripe import FakeStripe, charge
from tests.pipelines.test_windows import read

START = 1_700_000_000
ALL = [f"ch_{n:06d}" for n in range(450)]


def lists(tamper=None) -> FakeStripe:
    return FakeStripe({"/v1/charges": [charge(n, START + n) for n in range(450)]}, tamper=tamper)


def ids(stripe: FakeStripe) -> list[str]:
    return sorted(asyncio.run(read(stripe, [Span(0, 0).stored()])))


def test_a_list_that_says_it_ended_is_asked_what_follows():
    assert ids(lists(lambda _, __, page: {**page, "has_more": False})) == ALL


def test_a_page_cut_short_that_claims_to_be_the_last_loses_nothing():
    assert (
        ids(lists(lambda _, __, page: {**page, "data": page["data"][:7], "has_more": False})) == ALL
    )


def test_one_disordered_answer_is_read_again():
    answers = []

    def once(_, __, page):
        answers.append(1)
        return {**page, "data": page["data"][::-1]} if len(answers) == 2 else page

    assert ids(lists(once)) == ALL


@pytest.mark.parametrize(
    ("words", "tamper"),
    [
        ("newer than", lambda _, __, page: {**page, "data": page["data"][::-1]}),
        ("repeats", lambda _, __, page: {**page, "data": page["data"] + page["data"][:1]}),
        ("outside", lambda _, __, page: {**page, "data": [charge(9, 5), *page["data"]]}),
        ("claims that there is more", lambda _, __, page: {"data": [], "has_more": True}),
    ],
)
def test_a_list_that_keeps_contradicting_itself_fails_and_stays_open(words, tamper):
    spans = [Span(10, 0).stored()]
    with pytest.raises(ListIntegrityError, match=words):
        asyncio.run(read(lists(tamper), spans))
    assert spans == [Span(10, 0).stored()]


def test_a_cursor_that_does_not_move_is_refused():
    def stuck(_, query, page):
        after = query.get("starting_after")
        return page if not after else {**page, "data": [{"id": after, "created": START}]}

    spans = [Span(0, 0).stored()]
    with pytest.raises(ListIntegrityError, match="did not move"):
        asyncio.run(read(lists(stuck), spans))
    assert [span[2] for span in spans] == ["ch_000350"]


def test_a_later_page_newer_than_the_one_before_is_refused():
    def backwards(_, query, page):
        if not query.get("starting_after"):
            return page
        return {**page, "data": [charge(999, START + 10_000)]}

    with pytest.raises(ListIntegrityError, match="newer than"):
        asyncio.run(read(lists(backwards), [Span(0, 0).stored()]))


def test_something_that_is_no_object_is_refused():
    with pytest.raises(ListIntegrityError, match="not an object"):
        asyncio.run(
            read(lists(lambda *_: {"data": ["text"], "has_more": False}), [Span(0, 0).stored()])
        )


def test_an_invoice_item_stands_in_the_window_of_its_date():
    # Stripe filters this list by `created`, and calls the field `date`.
    item = item_of(
        msgspec.Raw(b'{"id": "ii_1", "object": "invoiceitem", "date": 1789431970}'), "invoiceitem"
    )
    span = {"has_more": False, "previous": None, "is_dated": True}
    check_page([item], low=1_789_000_000, high=1_790_000_000, **span)
    with pytest.raises(ListIntegrityError, match="outside"):
        check_page([item], low=1_789_431_971, high=0, **span)
