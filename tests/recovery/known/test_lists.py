"""Many rows are told by how many they are, what they add up to, and the values that any has."""

from recovery.flows.conditions import Comparison, holds
from recovery.known.lists import lists
from recovery.known.vocabulary import kind_of
from tests.recovery.known.conftest import Books, subject


def test_a_list_is_compared_by_its_count_its_sums_and_any_value(books: Books):
    """Three lines of the invoice, one of them in dollars, beside a line of another invoice."""
    line = {"invoice_id": "in_1", "currency": "EUR", "is_proration": False, "quantity": 1}
    books.holds(
        "unified.invoice_lines",
        {**line, "id": "il_1", "amount_minor": 4900, "price_id": "price_a", "quantity": 3},
        {**line, "id": "il_2", "amount_minor": -900, "price_id": "price_b", "is_proration": True,
         "discount_ids": ["di_2", "di_1"]},
        {**line, "id": "il_3", "amount_minor": 70, "currency": "USD", "price_id": None},
        {**line, "id": "il_4", "amount_minor": 1, "invoice_id": "in_2", "price_id": "price_z"},
        {**line, "id": "il_5", "amount_minor": 8, "is_deleted": 1},
    )  # fmt: skip
    lines, own = "unified.invoice_lines", subject(invoice_id="in_1")
    assert books.tells(f"{lines}.count", own) == 3
    assert books.tells(f"{lines}.sum_amount_minor", own, "EUR") == 4000
    assert books.tells(f"{lines}.sum_amount_minor", own, "USD") == 70
    assert books.tells(f"{lines}.sum_quantity", own) == 5
    assert books.tells(f"{lines}.any_price_id", own) == ("price_a", "price_b")
    assert books.tells(f"{lines}.any_discount_ids", own) == ("di_1", "di_2")
    assert books.tells(f"{lines}.any_is_proration", own) is True
    assert books.tells(f"{lines}.any_is_proration", subject(invoice_id="in_2")) is False
    # An invoice without lines has none of them; without an invoice nothing is known.
    empty = subject(invoice_id="in_3")
    assert (books.tells(f"{lines}.count", empty), books.tells(f"{lines}.any_price_id", empty)) == (
        0, None,
    )  # fmt: skip
    assert books.tells(f"{lines}.count", subject()) is None


def test_a_condition_contains_what_any_row_of_a_list_has():
    condition = Comparison(
        fact="unified.invoice_lines.any_price_id", op="contains", value="price_b"
    )
    assert kind_of(condition.fact) == lists()[condition.fact].kind
    assert holds(condition, {condition.fact: ("price_a", "price_b")})
    assert not holds(condition, {condition.fact: ("price_a",)})
    assert not holds(condition, {})


def test_no_list_tells_who_somebody_is():
    named = {name.rpartition(".")[2].partition("_")[2] for name in lists()}
    assert not named & {"name", "email", "description", "counterparty", "reference"}
