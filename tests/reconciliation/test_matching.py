"""Hand-made cases: does each kind of match, miss and mistake get its verdict and its reason?"""

from dataclasses import replace
from datetime import date

import pytest

from reconciliation.decisions import carried
from reconciliation.matching import reconcile
from reconciliation.records import (
    Company,
    Coverage,
    Decision,
    Deposit,
    Entry,
    Outcome,
    Payout,
    Span,
)
from reconciliation.topups import with_topups

# 2 March 2026 is a Monday.
MONDAY = date(2026, 3, 2)
KNOWN = Span(date(2026, 1, 1), date(2026, 4, 30))
COVERED = Coverage({"EUR": KNOWN, "USD": KNOWN}, KNOWN)
BANK_ONLY = Coverage({"EUR": KNOWN, "USD": KNOWN}, None)


def payout(key="po_1", amount=123_450, on=MONDAY, **fields) -> Payout:
    return Payout(key, key, fields.pop("currency", "EUR"), amount, on, on, **fields)


def deposit(key="d1", amount=123_450, on=MONDAY, **fields) -> Deposit:
    text = fields.pop("text", "STRIPE TRANSFER")
    return Deposit(key, "bank", on, fields.pop("currency", "EUR"), amount, text, **fields)


def entry(key="e1", amount=123_450, on=MONDAY, text="Stripe", **fields) -> Entry:
    return Entry(key, "1000", on, fields.pop("currency", "EUR"), amount, text, **fields)


def verdicts(payouts, deposits, entries=(), coverage=BANK_ONLY, decisions=()):
    found = reconcile(Company(payouts, deposits, list(entries), coverage, decisions))
    return {outcome.key: outcome for outcome in found}


def told(outcomes: dict[str, Outcome]) -> dict[str, str]:
    return {key: outcome.verdict for key, outcome in outcomes.items()}


def test_a_payout_its_deposit_and_its_entry_are_one_match():
    found = verdicts([payout()], [deposit()], [entry(text="Stripe payout 2026-03-02")], COVERED)
    assert told(found) == {"po_1": "matched", "d1": "matched", "e1": "matched"}
    for outcome in found.values():
        assert (outcome.payouts, outcome.deposits, outcome.entries) == (("po_1",), ("d1",), ("e1",))
    assert found["po_1"].reason == (
        "Bank: the same amount; on the expected day, 2026-03-02; the bank's text names the payment"
        " provider. Books: booked: the same amount; booked on its day; the memo names the payout's"
        " day."
    )


def test_equal_amounts_go_to_their_own_days_not_to_the_first_that_fits():
    """Taking the best pair first would give the second payout the first one's deposit."""
    both = [payout("po_1"), payout("po_2", on=date(2026, 3, 3))]
    lines = [deposit("d1", on=date(2026, 3, 3)), deposit("d2", on=date(2026, 3, 4))]
    found = verdicts(both, lines)
    assert (found["po_1"].deposits, found["po_2"].deposits) == (("d1",), ("d2",))


def test_a_weekend_and_a_holiday_make_nothing_late():
    """Due on Good Friday 2026; banks book euro again on the Tuesday after Easter."""
    found = verdicts([payout(on=date(2026, 4, 3))], [deposit(on=date(2026, 4, 7))])
    assert found["po_1"].verdict == "matched"
    assert "on the expected day, 2026-04-07" in found["po_1"].reason


def test_late_money_is_late_and_money_later_than_the_window_is_another_matter():
    found = verdicts([payout()], [deposit(on=date(2026, 3, 9))])
    assert found["po_1"].verdict == "matched_late"
    assert "5 bank days late" in found["po_1"].reason
    found = verdicts([payout()], [deposit(on=date(2026, 4, 6))])
    assert told(found) == {"po_1": "missing_in_bank", "d1": "unexplained"}


def test_a_bank_that_keeps_a_fee_is_found_out_by_how_much():
    found = verdicts([payout()], [deposit(amount=122_450)])
    assert (found["po_1"].verdict, found["po_1"].difference_minor) == ("matched_with_fee", 1_000)
    assert "less 10.00 EUR that the bank kept" in found["po_1"].reason


def test_a_fee_in_a_currency_of_three_decimals():
    span = Coverage({"KWD": KNOWN}, None)
    line = deposit(amount=1_230_000, currency="KWD")
    found = verdicts([payout(amount=1_234_500, currency="KWD")], [line], coverage=span)
    assert "less 4.500 KWD that the bank kept" in found["po_1"].reason


def test_several_payouts_in_one_deposit_and_one_payout_in_several():
    three = [
        payout("po_1", 100_00, date(2026, 3, 2)), payout("po_2", 250_50, date(2026, 3, 3)),
        payout("po_3", 9_99, date(2026, 3, 4)),
    ]  # fmt: skip
    found = verdicts(three, [deposit(amount=360_49, on=date(2026, 3, 4))])
    assert set(told(found).values()) == {"matched_group"}
    assert found["d1"].payouts == ("po_1", "po_2", "po_3")
    parts = [deposit("d1", 100_000), deposit("d2", 23_450, date(2026, 3, 3))]
    found = verdicts([payout()], parts)
    assert set(told(found).values()) == {"matched_group"}
    assert found["po_1"].deposits == ("d1", "d2")


def test_a_conversion_is_known_by_what_the_bank_says_was_paid():
    pounds = payout(amount=100_000, currency="GBP")
    for line in (
        deposit(amount=116_000, original_amount_minor=100_000, original_currency="GBP"),
        deposit(amount=116_000, text="STRIPE OAMT GBP 1.000,00"),
    ):
        found = verdicts([pounds], [line])
        assert (found["po_1"].verdict, found["po_1"].difference_minor) == ("matched_converted", 0)
    # Another amount is stated: it is another payout's.
    assert told(verdicts([pounds], [deposit(amount=116_000, text="STRIPE OAMT GBP 999,00")])) == {
        "po_1": "missing_in_bank", "d1": "unexplained",
    }  # fmt: skip


def test_a_conversion_without_a_stated_amount_needs_a_rate_like_the_banks_own():
    """The bank's own conversion in February: 1.16 euro a pound."""
    stated = deposit(
        "d0", 232_000, date(2026, 2, 2), original_amount_minor=200_000, original_currency="GBP"
    )
    before = payout("po_0", 200_000, date(2026, 2, 2), currency="GBP")
    pounds = payout(amount=100_000, currency="GBP")
    near, far = deposit(amount=116_500), deposit(amount=126_500)
    assert verdicts([before, pounds], [stated, near])["po_1"].verdict == "matched_converted"
    assert verdicts([before, pounds], [stated, far])["po_1"].verdict == "missing_in_bank"
    assert verdicts([pounds], [near])["po_1"].verdict == "missing_in_bank"


def test_a_trace_outweighs_a_nearer_day():
    lines = [
        deposit("d1", on=MONDAY),
        deposit("d2", on=date(2026, 3, 3), text="STRIPE TRACE#:NW20260302X"),
    ]
    found = verdicts([payout(trace_id="NW20260302X")], lines)
    assert found["po_1"].deposits == ("d2",)
    assert found["d1"].verdict == "unexplained"


def test_a_deposit_that_repeats_a_trace_is_a_duplicate():
    lines = [
        deposit("d1", text="STRIPE NW20260302X"),
        deposit("d2", on=date(2026, 3, 4), text="STRIPE NW20260302X"),
    ]
    found = verdicts([payout(trace_id="NW20260302X")], lines)
    assert told(found) == {"po_1": "matched", "d1": "matched", "d2": "duplicate"}


def test_what_may_still_come_is_in_transit_and_what_was_never_seen_is_not_covered():
    until = Coverage({"EUR": Span(MONDAY, date(2026, 3, 5))}, None)
    assert verdicts([payout()], [], coverage=until)["po_1"].verdict == "in_transit"
    later = Coverage({"EUR": Span(MONDAY, date(2026, 3, 6))}, None)
    assert verdicts([payout()], [], coverage=later)["po_1"].verdict == "missing_in_bank"
    before = payout(on=date(2026, 2, 27))
    assert verdicts([before], [], coverage=later)["po_1"].verdict == "not_covered"
    assert verdicts([payout()], [], coverage=Coverage())["po_1"].verdict == "not_covered"


def test_books_that_are_not_connected_are_not_said_to_lack_anything():
    found = verdicts([payout()], [], coverage=BANK_ONLY)["po_1"]
    assert (found.verdict, found.books_verdict, found.reason) == (
        "missing_in_bank", "not_covered",
        "Bank: due 2026-03-02, and no deposit by 2026-04-30, 41 bank days after. Books: no books"
        " are connected.",
    )  # fmt: skip
    nothing = verdicts([payout()], [], coverage=Coverage())["po_1"]
    assert (nothing.verdict, nothing.books_verdict, nothing.reason) == (
        "not_covered", "not_covered",
        "Bank: no bank account is connected. Books: no books are connected.",
    )  # fmt: skip


def test_a_failed_payout_waits_for_nothing_and_takes_no_deposit():
    found = verdicts([payout(status="failed"), payout("po_2")], [deposit()])
    assert (found["po_1"].verdict, found["po_2"].deposits) == ("failed", ("d1",))


def test_a_customers_transfer_of_the_same_amount_is_not_the_payouts():
    lines = [deposit("d1", text="GUTSCHRIFT MÜLLER GMBH"), deposit("d2", on=date(2026, 3, 3))]
    found = verdicts([payout()], lines)
    assert told(found) == {"po_1": "matched", "d2": "matched"}


def test_money_taken_back_is_matched_with_the_debit():
    found = verdicts([payout(amount=-5_000)], [deposit(amount=-5_000), deposit("d2", 5_000)])
    assert told(found) == {"po_1": "matched", "d1": "matched", "d2": "unexplained"}


def test_the_books_lack_repeat_mistype_and_forget_the_fee():
    def of(entries, amount=123_450):
        return verdicts([payout()], [deposit(amount=amount)], entries, COVERED)

    assert of([])["po_1"].verdict == "missing_in_books"
    twice = of([entry("e1"), entry("e2")])
    assert sorted(told(twice).items()) == [
        ("d1", "duplicate"), ("e1", "matched"), ("e2", "duplicate"), ("po_1", "duplicate"),
    ]  # fmt: skip
    assert twice["po_1"].entries == ("e1", "e2")
    mistyped = of([entry(amount=132_450)])
    assert mistyped["po_1"].verdict == "amount_differs"
    assert "booked as 1324.50 EUR: two neighbouring digits are swapped" in mistyped["po_1"].reason
    assert mistyped["e1"].difference_minor == 9_000
    gross = of([entry()], amount=122_450)
    assert gross["po_1"].verdict == "amount_differs"
    assert "as if the bank had kept no fee" in gross["po_1"].reason


def test_an_entry_for_money_that_never_came_says_so():
    found = verdicts([payout()], [], [entry(text="Stripe payout po_1")], COVERED)
    assert told(found) == {"po_1": "missing_in_bank", "e1": "missing_in_bank"}
    assert "the books say that it came" in found["po_1"].reason


def test_books_may_hold_a_group_in_one_entry_and_a_deposit_in_several():
    two = [payout("po_123456", 100_00), payout("po_654321", 50_00)]
    parts = [
        entry("e1", 100_00, text="Stripe payout po_123456"),
        entry("e2", 50_00, text="Stripe payout po_654321"),
    ]
    found = verdicts(two, [deposit(amount=150_00)], parts, COVERED)
    assert set(told(found).values()) == {"matched_group"}
    assert found["d1"].entries == ("e1", "e2")
    lines = [deposit("d1", 100_00), deposit("d2", 50_00)]
    found = verdicts(two, lines, [entry(amount=150_00)], COVERED)
    assert set(told(found).values()) == {"matched"}
    assert found["e1"].deposits == ("d1", "d2")


def test_books_have_a_week_to_tell():
    span = Span(date(2026, 1, 1), date(2026, 3, 8))
    young = Coverage({"EUR": KNOWN}, span)
    found = verdicts([payout()], [deposit()], [], young)["po_1"]
    assert (found.verdict, found.books_verdict) == ("matched", "in_transit")
    old = Coverage({"EUR": KNOWN}, replace(span, until=date(2026, 3, 9)))
    assert verdicts([payout()], [deposit()], [], old)["po_1"].verdict == "missing_in_books"


def test_what_a_person_says_binds():
    lines = [deposit("d1"), deposit("d2", 90_000, text="SEPA CREDIT")]
    chosen = verdicts([payout()], lines, decisions=[Decision("po_1", "d2", True)])
    assert chosen["po_1"].deposits == ("d2",)
    assert "a person confirmed it" in chosen["po_1"].reason
    assert chosen["po_1"].confidence == 999
    denied = verdicts([payout()], lines, decisions=[Decision("po_1", "d1", False)])
    assert (denied["po_1"].verdict, denied["d1"].verdict) == ("missing_in_bank", "unexplained")
    both = [Decision("po_1", "d1", True), Decision("po_1", "d2", True)]
    assert verdicts([payout()], lines, decisions=both)["po_1"].deposits == ("d1", "d2")


def test_a_person_may_confirm_an_entry_and_another_is_one_too_many():
    entries = [entry("e1"), entry("e2", 77_000, date(2026, 3, 20), "Manual")]
    found = verdicts([payout()], [deposit()], entries, COVERED, [Decision("po_1", "e2", True)])
    assert (found["e1"].verdict, found["e2"].verdict) == ("duplicate", "matched")
    assert found["po_1"].entries == ("e1", "e2")


def test_money_sent_to_the_provider_is_explained_by_its_side_of_it():
    """Of two lines that pay the provider, its balance shows one; the books hold both."""
    lines = [deposit("d1", amount=-150_000), deposit("d2", amount=-70_000, on=date(2026, 3, 9))]
    booked = [
        entry("e1", amount=-150_000, text="Stripe top-up"),
        entry("e2", amount=-70_000, on=date(2026, 3, 9), text="Stripe top-up"),
    ]
    company = Company([], lines, booked, COVERED)
    found = {one.key: one for one in with_topups(reconcile(company), {"d1"})}
    assert told(found) == {
        "d1": "matched", "e1": "matched", "d2": "unexplained", "e2": "unexplained",
    }  # fmt: skip
    assert found["d1"].reason == (
        "Bank: a top-up of the payment provider's balance, which holds its other side."
        " Books: booked: the same amount; booked on its day."
    )
    # A deposit that is a payout's stays it, and one that repeats a payout's trace repeats it.
    lines = [deposit(text="STRIPE TRACE00001"), deposit("d3", text="STRIPE TRACE00001")]
    twice = reconcile(Company([payout(trace_id="TRACE00001")], lines, [], BANK_ONLY))
    assert with_topups(twice, {"d1", "d3"}) == twice


@pytest.mark.parametrize("confirmed", [True, False])
def test_what_a_person_said_of_a_payout_that_then_fails_stops_nothing(confirmed: bool):
    said = [Decision("po_1", "d1", confirmed=confirmed)]
    found = verdicts(
        [payout(status="failed"), payout("po_2", 77_700)],
        [deposit(), deposit("d2", 77_700)],
        decisions=said,
    )
    assert told(found) == {
        "po_1": "failed", "d1": "unexplained", "po_2": "matched", "d2": "matched"
    }  # fmt: skip


def test_a_word_on_a_line_holds_for_the_line_that_counts_in_its_place_the_later_of_two():
    """Both lines of equal money were rejected as another connection showed them."""
    said = [
        Decision("po_1", "new/1", confirmed=True), Decision("po_1", "old/1", confirmed=False),
        Decision("po_1", "old/2", confirmed=False), Decision("po_2", "gone", confirmed=True),
    ]  # fmt: skip
    assert carried(said, {"old/1": "new/1", "old/2": "new/2"}) == [
        Decision("po_1", "new/1", confirmed=False), Decision("po_1", "new/2", confirmed=False),
        Decision("po_2", "gone", confirmed=True),
    ]  # fmt: skip
    lines = [deposit("new/1"), deposit("new/2")]
    found = verdicts(
        [payout()], lines, decisions=carried(said, {"old/1": "new/1", "old/2": "new/2"})
    )
    assert told(found)["po_1"] == "missing_in_bank"
