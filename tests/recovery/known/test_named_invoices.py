"""Which deposits name an invoice? Those that have its number anywhere, as Python finds it too."""

import random
from datetime import datetime, timedelta

from recovery.flows.conditions import Wanted
from tests.recovery.known.conftest import NOW, Books, subject

HOUR = timedelta(hours=1)
FACT = Wanted("bank.names_invoice", None)
# Few letters and short numbers, so that they occur by chance, in one another and more than once.
LETTERS = "ab-1Ü"


def words(chance: random.Random, least: int, most: int) -> str:
    return "".join(chance.choice(LETTERS) for _ in range(chance.randint(least, most)))


def in_ascii(text: str) -> bytes:
    """As ClickHouse's `lower`: bytes, of which only ASCII letters are lowered."""
    return text.encode().lower()


def test_two_hundred_invoices_are_named_by_the_lines_that_hold_their_numbers(books: Books) -> None:
    chance = random.Random(8)
    lines: list[tuple[str, str | None, datetime]] = [
        (words(chance, 0, 40), chance.choice([None, words(chance, 0, 12)]),
         NOW - chance.randint(0, 400) * HOUR)
        for _ in range(300)
    ]  # fmt: skip
    invoices = [
        (words(chance, 3, 7), NOW - chance.randint(0, 400) * HOUR,
         NOW - chance.randint(0, 100) * HOUR)
        for _ in range(200)
    ]  # fmt: skip
    books.holds("unified.customers", {"id": "cus_ada", "name": "Ada"})
    tenant = str(books.tenant)
    books.warehouse.insert_rows(
        "unified.transactions",
        [[tenant, "conn_bank", f"line_{n}", "plaid", "succeeded", 100, text, reference, at, 1, 0]
         for n, (text, reference, at) in enumerate(lines)],
        ["workspace_id", "connection_id", "id", "provider", "status", "amount_minor",
         "description", "reference", "occurred_at", "version", "is_deleted"],
    )  # fmt: skip
    books.warehouse.insert_rows(
        "unified.invoices",
        [[tenant, "conn_stripe", f"in_{n}", number, made, 1, 0]
         for n, (number, made, _) in enumerate(invoices)],
        ["workspace_id", "connection_id", "id", "number", "created_at", "version", "is_deleted"],
    )  # fmt: skip
    expected = [
        any(
            in_ascii(number) in in_ascii(f"{text} {reference or ''}") and made <= at <= moment
            for text, reference, at in lines
        )
        if len(number.encode()) > 4 else None
        for number, made, moment in invoices
    ]  # fmt: skip
    asked = [
        subject(invoice_id=f"in_{n}", moment=moment) for n, (_, _, moment) in enumerate(invoices)
    ]
    found = [facts.get(FACT.held_as) for facts in books.known(*asked, wanted=[FACT])]
    assert found == expected
    assert {told: expected.count(told) > 20 for told in (True, False, None)} == {
        True: True, False: True, None: True,
    }  # fmt: skip
    # Asked alone it is what it is among others.
    assert [books.known(one, wanted=[FACT])[0].get(FACT.held_as) for one in asked[:4]] == (
        expected[:4]
    )


def test_without_any_deposit_nothing_is_known_of_what_deposits_name(books: Books) -> None:
    books.holds("unified.customers", {"id": "cus_ada", "name": "Ada"})
    books.holds("unified.invoices", {"id": "in_1", "number": "INV-2041", "created_at": NOW - HOUR})
    assert books.tells("bank.names_invoice", subject(invoice_id="in_1")) is None
    books.holds(
        "unified.transactions",
        {"connection_id": "conn_bank", "id": "line_1", "provider": "plaid", "amount_minor": 5,
         "status": "succeeded", "occurred_at": NOW - 900 * HOUR, "description": "INV-2041"},
    )  # fmt: skip
    assert books.tells("bank.names_invoice", subject(invoice_id="in_1")) is False
