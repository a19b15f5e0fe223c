"""Where does a bank account's ledger begin, whatever arrives in which order?"""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from reconciliation.accounts import Line
from reconciliation.openings import Opening, Report, opening_of

FIRST = date(2026, 3, 2)


def lines(*amounts: tuple[int, int]) -> list[Line]:
    """Lines of (days after the first, amount)."""
    return [
        Line(f"l{place}", "a", FIRST + timedelta(days=day), amount)
        for place, (day, amount) in enumerate(amounts)
    ]


def report(days: int, amount: int) -> Report:
    return Report(FIRST + timedelta(days=days), amount, "raw.bank_balance", f"b{days}", 7)


def test_it_is_the_first_report_less_the_lines_up_to_it():
    told = opening_of(None, lines((0, 100), (2, -30), (9, 5)), [report(9, 1_080), report(4, 1_070)])
    assert told == Opening(FIRST, 1_000, "raw.bank_balance", "b4", 7)


def test_without_a_report_nothing_is_said_and_without_lines_the_report_itself():
    assert opening_of(None, lines((0, 100)), []) is None
    told = opening_of(None, [], [report(4, 70)])
    assert told == Opening(FIRST + timedelta(days=4), 70, "raw.bank_balance", "b4", 7)


def test_what_was_said_is_kept_when_a_later_report_differs():
    kept = Opening(FIRST, 1_000, "raw.bank_balance", "b4", 7)
    assert opening_of(kept, lines((0, 100), (20, 1)), [report(4, 999), report(30, 5)]) == kept


def test_lines_before_the_beginning_move_it_back():
    kept = Opening(FIRST, 1_000, "raw.bank_balance", "b4", 7)
    told = opening_of(kept, lines((-9, 400), (-1, -150), (0, 100)), [])
    assert told == Opening(FIRST - timedelta(days=9), 750, "raw.bank_balance", "b4", 7)


MOVES = st.lists(st.tuples(st.integers(0, 60), st.integers(-9_999, 9_999)), min_size=1, max_size=40)


@given(MOVES, st.integers(-99_999, 99_999), st.integers(0, 60), st.integers(0, 60))
def test_however_far_the_bank_reaches_at_first_the_balance_of_every_day_is_the_same(
    moves, held, seen_from, read_on
):
    """History that comes later changes no balance of a day that was known before."""
    every = lines(*moves)
    on = FIRST + timedelta(days=max(seen_from, read_on))
    balance = held + sum(line.amount_minor for line in every if line.booked_on <= on)
    told = Report(on, balance, "raw.bank_balance", "b", 1)
    shown = [line for line in every if line.booked_on >= FIRST + timedelta(days=seen_from)]
    early = opening_of(None, shown, [told])
    late = opening_of(early, every, [told, Report(on + timedelta(days=9), 0, "x", "y", 2)])
    assert early is not None
    assert late is not None
    assert late.amount_minor == held + sum(
        line.amount_minor for line in every if line.booked_on < late.on
    )
    assert late.on <= early.on
