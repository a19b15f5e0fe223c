"""Who is paid for work, what a year's payments come to, and what the law wants told of them."""

from datetime import date, timedelta

import hypothesis.strategies as st
import polars as pl
import pytest
from hypothesis import given, settings

from ml.enriching import enrich
from ml.worker_classification.rules import rows_of, thresholds
from tests.ml.sandbox_lines import bank_lines, world_of

NAME = "worker_classification"
TODAY = date(2026, 11, 1)
OLD = "26 U.S.C. 6041(a), 6041A(a) as before 2026"
NEW = "26 U.S.C. 6041(a), 6041A(a) as amended by Pub. L. 119-21, sec. 70433"


def line(name: str, text: str, minor: int = 100_000, on: date = date(2026, 5, 1), **more) -> dict:
    return {
        "provider": "plaid", "connection_id": "c", "id": name, "account_id": "bank",
        "account_type": "depository", "status": "succeeded", "amount_minor": -minor,
        "currency": "USD", "merchant": text, "booked_on": on, **more,
    }  # fmt: skip


def answers(*lines: dict) -> dict[str, dict]:
    rows = pl.DataFrame(list(lines), infer_schema_length=None)
    found = enrich(rows, as_of=TODAY, facets=[NAME])[NAME]
    return dict(zip(rows["id"], found.iter_rows(named=True), strict=True))


@pytest.mark.parametrize(
    ("text", "more", "value"),
    [
        ("SEPA-UEBERWEISUNG SVWZ+LOHN/GEHALT 05/2026 FEMKE JANSEN",
         {"currency": "EUR", "counterparty": "Femke Jansen"}, "employee"),
        ("GUSTO            NET        439125 NORTHWIND", {}, "employee"),
        ("PAYROLL MAY", {"counterparty": "Anna Schmidt"}, "employee"),
        ("BILL.COM LLC BILLING ROSA DELGADO CONSULTING LLC INV 1",
         {"counterparty": "Rosa Delgado Consulting LLC"}, "contractor"),
        ("ACH INVOICE 77 ANNA BERG", {"counterparty": "Anna Berg"}, "contractor"),
        ("SEPA-UEBERWEISUNG K. LINDQVIST DESIGN", {"currency": "EUR"}, "contractor"),
        ("CONGRESS AVE OFFICES LP RENT", {}, "vendor"),
        ("DELTA AIR LINES ATLANTA", {}, "vendor"),
        ("QWERTZ GMBH", {}, "vendor"),
        ("QWERTZ 4432", {"account_type": "credit"}, "vendor"),
    ],
)  # fmt: skip
def test_who_is_paid(text: str, more: dict, value: str):
    (found,) = answers(line("t", text, **more)).values()
    assert (found["value"], found["abstained"]) == (value, False)


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("ZELLE ANNA BERG", {"counterparty": "Anna Berg"}),
        ("PINE & PIXEL LLC", {}),
        ("BILL.COM LLC BILLING", {}),
    ],
    ids=["a person, for what?", "of no known kind", "behind a service"],
)
def test_what_cannot_be_told_abstains(text: str, more: dict):
    (found,) = answers(line("t", text, **more)).values()
    assert found["value"] is not None
    assert found["abstained"]


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("IRS USATAXPYMT 270465 CCD", {}),
        ("GUSTO            TAX        439125", {}),
        ("MONTHLY MAINTENANCE FEE", {}),
        ("CASCADE NB LOAN PYMT 7745", {}),
        ("REFUND HARBOR & FINCH INC", {}),
        ("EXPENSE REPORT ANNA BERG", {"counterparty": "Anna Berg"}),
        ("ACH INVOICE 77 ANNA BERG", {"amount_minor": 100}),
        ("", {}),
    ],
)
def test_of_what_pays_no_work_nothing_is_said(text: str, more: dict):
    assert answers(line("t", text, **more))["t"]["value"] is None


def anna(name: str, minor: int, on: date, **more) -> dict:
    return line(name, "ACH INVOICE 77 ANNA BERG", minor, on, counterparty="Anna Berg", **more)


def totals(*lines: dict) -> dict[str, str]:
    why = "A person, paid for an invoice or for services."
    return {
        name: row["evidence"].removeprefix(why).strip() for name, row in answers(*lines).items()
    }


def test_running_totals_meet_each_years_own_threshold():
    found = totals(
        anna("a", 59_999, date(2025, 12, 30)), anna("b", 1, date(2025, 12, 31)),
        anna("c", 199_999, date(2026, 1, 1)), anna("d", 1, date(2026, 12, 31)),
        anna("e", 5, date(2027, 1, 4)),
    )  # fmt: skip
    assert found == {
        "a": f"1099-NEC 2025: 599.99 USD so far, under the least of 600.00 USD ({OLD}).",
        "b": f"1099-NEC 2025: 600.00 USD so far, which must be reported from 600.00 USD ({OLD}).",
        "c": f"1099-NEC 2026: 1999.99 USD so far, under the least of 2000.00 USD ({NEW}).",
        "d": f"1099-NEC 2026: 2000.00 USD so far, which must be reported from 2000.00 USD ({NEW}).",
        "e": "1099-NEC 2027: 0.05 USD so far, under the least of 2000.00 USD before its adjustment"
             f" for inflation ({NEW}: indexed from 2027).",
    }  # fmt: skip


def test_what_another_form_or_law_is_for_is_not_counted():
    on = date(2026, 5, 1)
    card = "Paid by card or payment network: for the processor's 1099-K, not your 1099-NEC."
    found = totals(
        anna("a", 100, on),
        anna("card", 5_000, on, account_type="credit"),
        line("paypal", "PAYPAL INVOICE 77 ANNA BERG", 7_000, on, counterparty="Anna Berg"),
        anna("euro", 9_000, on, currency="EUR"),
        anna("pending", 9_000, on, status="pending"),
        anna("z", 200, on),
    )
    assert found == {
        "a": f"1099-NEC 2026: 1.00 USD so far, under the least of 2000.00 USD ({NEW}).",
        "card": card, "paypal": card, "euro": "", "pending": "",
        "z": f"1099-NEC 2026: 3.00 USD so far, under the least of 2000.00 USD ({NEW}).",
    }  # fmt: skip


def test_a_corporation_is_exempt_and_a_lawyers_is_not():
    found = answers(
        line("a", "WIRE DELGADO CONSULTING INC", counterparty="Delgado Consulting Inc"),
        line("b", "WIRE CROWN LAW CONSULTING INC", counterparty="Crown Law Consulting Inc"),
    )
    assert found["a"]["evidence"].endswith("no 1099-NEC (26 CFR 1.6041-3(p)(1)).")
    assert "1099-NEC 2026: 1000.00 USD so far" in found["b"]["evidence"]


def test_a_payment_that_two_connections_show_counts_once():
    on = date(2026, 5, 1)
    places = ({"account_mask": "7734", "institution": "Cascade", "connection_id": name}
              for name in "cd")  # fmt: skip
    one, other = places
    found = totals(anna("a", 100, on, **one), anna("b", 100, on, **other),
                   anna("y", 300, on + timedelta(days=9), **one))  # fmt: skip
    assert found["y"].startswith("1099-NEC 2026: 4.00 USD so far")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 10**12), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_the_years_last_total_is_the_sum_in_whatever_order(amounts, random):
    lines = [
        anna(f"t{n}", minor, date(2026, 1, 1) + timedelta(days=n))
        for n, minor in enumerate(amounts)
    ]
    shuffled = random.sample(lines, len(lines))
    whole, cents = divmod(sum(amounts), 100)
    last = totals(*shuffled)[f"t{len(amounts) - 1}"]
    assert last.startswith(f"1099-NEC 2026: {whole}.{cents:02d} USD so far, ")


def test_every_year_has_one_threshold():
    years = list(range(2000, 2040))
    assert thresholds(pl.Series(years))["year"].to_list() == years
    assert all(row["source"] for row in rows_of("thresholds"))


@pytest.mark.parametrize("seed", [31, 5])
def test_the_sandboxs_own_books_agree(seed: int):
    """Nothing is told wrongly: payroll is employees', contractors are, what is bought is not."""
    rows = bank_lines(world_of(seed, 600))
    found = enrich(rows.drop("kind", "pair_id"), as_of=TODAY, facets=[NAME])[NAME]
    told = rows.hstack(found.select("value", "abstained")).filter(~pl.col("abstained"))
    counts = {(kind, value): n for kind, value, n in
              told.group_by("kind", "value").len().iter_rows()}  # fmt: skip
    paid = dict(rows.filter(pl.col("amount_minor") < 0).group_by("kind").len().iter_rows())
    assert counts == {
        ("payroll", "employee"): paid["payroll"], ("contractor", "contractor"): paid["contractor"],
        **{(kind, "vendor"): paid[kind] for kind in ("card_purchase", "software", "rent")},
    }  # fmt: skip
