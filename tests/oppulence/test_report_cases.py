"""Is each thing that does not add up counted once, and is nothing called explained unseen?"""

import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from oppulence.report.cases import Case, Compared, cases_of, compared_of, verdicts
from oppulence.report.findings import Ageing, Findings
from oppulence.report.page import render
from tests.oppulence.report_findings import OCTOBER, findings


def named(*ids):
    return [{"connection_id": "conn_1", "id": identity} for identity in ids]


def row(what, identity, on, amount, verdict, *, currency="USD", difference=0, **named_in_it):
    known = {"payouts": (), "deposits": (), "entries": ()} | named_in_it
    return {
        "what": what, "connection_id": "conn_1", "id": identity, "happened_on": on,
        "currency": currency, "amount_minor": amount, "difference_minor": difference,
        "verdict": verdict, "reason": f"Why {identity}.",
        **{name: named(*ids) for name, ids in known.items()},
    }  # fmt: skip


def of_october(*rows):
    return cases_of(rows, OCTOBER, OCTOBER.ends_before)


def test_a_deposit_and_its_entry_are_one_case_and_its_amount_counts_once():
    seen = {"deposits": ("d_1",), "entries": ("e_1",)}
    found = of_october(
        row("entry", "e_1", date(2026, 10, 2), 903, "unexplained", **seen),
        row("deposit", "d_1", date(2026, 9, 29), 903, "unexplained", **seen),
        row("payout", "po_9", date(2026, 10, 5), 1_805, "missing_in_bank", payouts=("po_9",)),
    )
    assert found == [
        Case("payout", "po_9", [], date(2026, 10, 5), True, "USD", 1_805, 1_805,
             "missing_in_bank", "Why po_9."),
        Case("deposit", "d_1", [("entry", "e_1")], date(2026, 9, 29), False, "USD", 903, 903,
             "unexplained", "Why d_1."),
    ]  # fmt: skip
    assert verdicts(found) == [
        {"verdict": "missing_in_bank", "what": "payout", "currency": "USD", "number": 1, "new": 1,
         "at_stake_minor": 1_805},
        {"verdict": "unexplained", "what": "deposit", "currency": "USD", "number": 1, "new": 0,
         "at_stake_minor": 903},
    ]  # fmt: skip


def test_where_the_amount_differs_the_difference_is_at_stake():
    seen = {"payouts": ("po_1", "po_2"), "deposits": ("d_1",), "entries": ("e_1",)}
    found = of_october(
        row("payout", "po_1", date(2026, 10, 2), 100_000, "amount_differs", **seen),
        row("payout", "po_2", date(2026, 10, 1), 15_934, "amount_differs", **seen),
        row("deposit", "d_1", date(2026, 10, 2), 115_934, "amount_differs", **seen),
        # Booked in November: it belongs to the case of October all the same.
        row("entry", "e_1", date(2026, 11, 3), 151_934, "amount_differs", difference=36_000,
            **seen),
        row("entry", "e_7", date(2026, 11, 4), 700, "unexplained", entries=("e_7",)),
    )  # fmt: skip
    assert found == [
        Case("payout", "po_2", [("payout", "po_1"), ("deposit", "d_1"), ("entry", "e_1")],
             date(2026, 10, 1), True, "USD", 115_934, 36_000, "amount_differs", "Why po_2."),
    ]  # fmt: skip


def test_a_bank_s_fee_is_not_what_is_at_stake_where_nothing_is_booked():
    seen = {"payouts": ("po_1",), "deposits": ("d_1",)}
    (found,) = of_october(
        row(
            "payout", "po_1", date(2026, 10, 2), 10_000, "missing_in_books", difference=250, **seen
        ),
        row("deposit", "d_1", date(2026, 10, 3), 9_750, "missing_in_books", difference=250, **seen),
    )
    assert (found.amount_minor, found.at_stake_minor) == (10_000, 10_000)


def test_what_was_compared_is_counted_by_kind():
    rows = [
        {"what": "payout", "compared": 540, "uncovered": 27},
        {"what": "entry", "compared": 9, "uncovered": 4},
    ]
    assert compared_of(rows, 3) == Compared(540, 0, 9, uncovered=27, waiting=3)
    assert compared_of([], 0) == Compared()


def said(page: str, part: str) -> list[str]:
    """The sentences of a part, without its note."""
    section = page.partition(f'<section id="{part}"')[2].partition("</section>")[0]
    return re.findall(r"<p>(.*?)</p>", section)


def tile(page: str, name: str) -> str:
    found = re.search(rf"<dt>{name}</dt>\s*<dd>(.*?)</dd>", page)
    return "" if found is None else found[1]


EXPLAINED = "All that was compared is explained: 540 payouts, 1 deposit and 9 entries."
UNCOVERED = (
    "27 payouts have no bank to compare with: none is connected in the currency, or its lines"
    " begin later."
)


@pytest.mark.parametrize(
    ("compared", "sentences", "told"),
    [
        (Compared(540, 1, 9), [EXPLAINED], "0 cases<small>0 new in the month</small>"),
        (Compared(540, 1, 9, uncovered=27), [UNCOVERED, EXPLAINED],
         "0 cases<small>0 new in the month</small>"),
        (Compared(waiting=567), ["567 payouts are not compared yet."],
         "–<small>not compared yet</small>"),
        (Compared(uncovered=27), [UNCOVERED], "–<small>no bank to compare with</small>"),
        (Compared(), ["There was nothing to compare."], "–<small>nothing to compare</small>"),
    ],
)  # fmt: skip
def test_only_what_was_compared_is_called_explained(compared, sentences, told):
    page = render(findings(compared=compared, cases=[]), "Ada")
    assert (said(page, "unexplained"), tile(page, "Unexplained")) == (sentences, told)


def test_cases_are_shown_with_what_is_new_and_what_is_at_stake():
    page = render(findings(), "Ada")
    assert tile(page, "Unexplained") == "1 case<small>1 new in the month</small>"
    assert said(page, "unexplained") == [
        "1 payout is not compared yet.",
        UNCOVERED.replace("27", "3"),
    ]
    for words in ("2026-10-03<small>new</small>", "0.01 EUR<small>of 85.00 EUR</small>",
                  "with deposit d_1<br>with entry e_1"):  # fmt: skip
        assert words in page, words


EMPTY = Findings(
    OCTOBER, datetime(2026, 11, 2, tzinfo=UTC), True, (0, 0), [], [], [], [], Compared(), [], [], []
)
PARTS = ("mrr", "cohorts", "bridge", "cash", "receivables", "recovery")


def test_an_empty_month_says_so():
    page = render(EMPTY, "Ada")
    assert [said(page, part) for part in PARTS] == [
        ["No subscription had a price in or before this month."], ["There are no cohorts yet."],
        ["Nothing was billed and nothing moved."], ["Nothing moved."], ["No invoice was open."],
        ["No payment failed."],
    ]  # fmt: skip


def test_before_the_models_have_run_nothing_is_said_of_what_they_tell():
    owed = [Ageing("EUR", [("Not due", 1, 87_493)])]
    page = render(replace(EMPTY, is_computed=False, ageing=owed), "Ada")
    not_yet = ["Not computed yet: the models have not run on what landed."]
    assert [said(page, part) for part in PARTS] == [not_yet] * 4 + [[], not_yet]
    assert tile(page, "Receivables") == "874.93 EUR<small>at the month&#39;s end</small>"


def test_a_running_month_says_how_far_it_reaches():
    page = render(findings(made_at=datetime(2026, 10, 27, 8, tzinfo=UTC)), "Ada")
    assert "<strong>The month is not over: all of this is so far, to 27 October.</strong>" in page
    assert tile(page, "MRR so far, to 27 October").startswith("1,252.06 EUR")
    assert "From the end of the month before to 27 October." in page
    assert "Invoices that are open on 27 October, by days past due." in page
    assert "MRR at the month" not in page
    assert "The month is not over" not in render(findings(), "Ada")


def test_tiles_count_all_customers_and_name_every_currency():
    page = render(findings(), "Ada")
    assert tile(page, "Paying customers") == "43<small>41 a month before</small>"
    assert tile(page, "MRR at the month&#39;s end") == (
        "1,252.06 EUR<small>+17.50 EUR in the month</small><small>and 1,750 JPY</small>"
    )


def test_the_page_converts_nothing_and_says_who_did():
    bridge = replace(findings().bridges[0], steps=[("MRR", 100), ("Converted", 558_727)])
    page = render(findings(bridges=[bridge]), "Ada")
    assert "Each currency stands for itself: this page converts nothing." in page
    assert "<dt>Converted</dt><dd>by the processor, when it took a payment" in page
