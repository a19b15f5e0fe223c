"""Does every line of a bank have one name, whatever the bank calls it, however often it is read?"""

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ProviderError
from pipelines.bank_rows import Names
from pipelines.enablebanking.rows import page_of
from pipelines.gocardless.rows import balances_of, lines_of

PREFIX = "acc.EUR/BANK"


def line(**fields: Any) -> dict[str, Any]:
    return {
        "bookingDate": "2026-11-05",
        "transactionAmount": {"amount": "-4.20", "currency": "EUR"},
        "creditorName": "Café",
        "remittanceInformationUnstructured": "CAFE 5 NOV",
    } | fields


def answer(booked: list[Any], pending: list[Any] | None = None) -> bytes:
    return json.dumps({"transactions": {"booked": booked, "pending": pending or []}}).encode()


def names(body: bytes, reused: tuple[str, ...] = ()) -> list[str]:
    found = lines_of(body, PREFIX, 1, reused)
    return [row.id for row in (*found.booked, *found.pending)]


def test_a_line_is_named_by_its_transaction_id() -> None:
    assert names(answer([line(transactionId="t1"), line(transactionId=" t2 ")])) == [
        f"{PREFIX}/t1",
        f"{PREFIX}/t2",
    ]


@pytest.mark.parametrize("own", [{}, {"transactionId": None}, {"transactionId": " "}])
def test_true_twins_without_an_id_stay_two(own: dict[str, Any]) -> None:
    first, second = names(answer([line(**own), line(**own)]))
    assert (first[-2:], second[-2:]) == ("_1", "_2")
    assert first[:-2] == second[:-2]
    assert names(answer([line(**own), line(**own)])) == [first, second]


@given(st.lists(st.sampled_from(["A", "B", "C"]), max_size=12), st.randoms())
def test_reading_lines_again_in_another_order_names_the_same_lines(
    texts: list[str], order: Random
) -> None:
    rows = [line(remittanceInformationUnstructured=text) for text in texts]
    shuffled = order.sample(rows, len(rows))
    assert sorted(names(answer(rows))) == sorted(names(answer(shuffled)))
    assert len(set(names(answer(rows)))) == len(rows)


def test_what_a_provider_adds_later_does_not_rename_a_line() -> None:
    before = names(answer([line()]))
    later = line(internalTransactionId="x", bankTransactionCode="PMNT", balanceAfter="1")
    assert names(answer([later])) == before
    assert names(answer([line(bookingDate="2026-11-06")])) != before


def test_an_id_that_is_used_for_two_lines_names_none_of_them_now_or_later() -> None:
    twice = answer([line(transactionId="9998"), line(transactionId="9998", creditorName="Bäcker")])
    found = lines_of(twice, PREFIX, 1, ())
    assert set(found.reused) == {"9998"}
    assert all("/h_" in row.id for row in found.booked)
    alone = lines_of(answer([line(transactionId="9998")]), PREFIX, 2, found.reused)
    assert alone.booked[0].id == found.booked[0].id


def test_a_booked_line_is_newer_than_a_pending_one_of_the_same_answer() -> None:
    found = lines_of(answer([line(transactionId="t")], [line(transactionId="t")]), PREFIX, 7, ())
    assert (found.booked[0].version, found.pending[0].version) == (8, 7)


def test_rows_keep_their_bytes_and_rows_that_are_no_objects_land_too() -> None:
    odd = b'{"transactionId":"t", "transactionAmount": {"amount": 12.10}, "x":1e2}'
    body = b'{"transactions":{"booked":[' + odd + b',null,"text",[1],7]}}'
    found = lines_of(body, PREFIX, 1, ())
    payloads = [bytes(row.payload) for row in found.booked]
    assert payloads == [odd, b"null", b'"text"', b"[1]", b"7"]
    assert len({row.id for row in found.booked}) == 5
    assert found.newest_on == ""


def test_a_number_keeps_its_digits_in_a_name() -> None:
    texts = [line(transactionAmount={"amount": "4.20"}), line(transactionAmount={"amount": "4.2"})]
    assert len(set(names(answer(texts)))) == 2
    number = b'{"transactions":{"booked":[{"transactionAmount":{"amount":4.20}}]}}'
    text = b'{"transactions":{"booked":[{"transactionAmount":{"amount":"4.20"}}]}}'
    assert names(number) == names(text)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"transactions": 1}', b'{"detail": "?"}'])
def test_an_answer_about_something_else_is_refused(body: bytes) -> None:
    with pytest.raises(ProviderError, match="something unexpected"):
        lines_of(body, PREFIX, 1, ())


def test_a_balance_has_a_row_for_each_kind_currency_and_day() -> None:
    body = json.dumps({"balances": [
        {"balanceType": "closingBooked", "referenceDate": "2026-11-04",
         "balanceAmount": {"amount": "1", "currency": "EUR"}},
        {"balanceType": "interimAvailable", "balanceAmount": {"amount": "1", "currency": "EUR"}},
        {"balanceType": "interimAvailable", "referenceDate": "04/11/2026",
         "balanceAmount": {"amount": "1", "currency": "USD"}},
    ]}).encode()  # fmt: skip
    at = 1_795_000_000_000_000  # 2026-11-18
    assert [row.id for row in balances_of(body, PREFIX, at)] == [
        f"{PREFIX}/closingBooked/EUR/2026-11-04",
        f"{PREFIX}/interimAvailable/EUR/2026-11-18",
        f"{PREFIX}/interimAvailable/USD/2026-11-18",
    ]


def test_places_among_equal_lines_go_on_over_the_pages_of_a_list() -> None:
    row = {"transaction_amount": {"amount": "1", "currency": "EUR"}, "booking_date": "2026-11-05"}
    body = json.dumps({"transactions": [row, row], "continuation_key": "k"}).encode()
    first = Names()
    pages = page_of(body, "acc", 1, first), page_of(body, "acc", 1, Names(first.counts))
    places = [found.id[-2:] for page in pages for found in page.rows]
    assert places == ["_1", "_2", "_3", "_4"]


def test_pending_lines_and_the_newest_booked_day_are_told() -> None:
    rows = [
        {"entry_reference": "a", "status": "BOOK", "booking_date": "2026-11-05"},
        {"entry_reference": "b", "status": "BOOK", "booking_date": "05.11.2027"},
        {"entry_reference": "c", "status": "PDNG", "booking_date": "2026-11-09"},
    ]
    page = page_of(json.dumps({"transactions": rows}).encode(), "acc", 1, Names())
    assert (page.pending, page.newest_on, page.continuation_key) == (["acc/c"], "2026-11-05", "")
