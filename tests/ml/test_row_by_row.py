"""A row is answered alone as among others: the API's one row and Dagster's many say the same."""

from datetime import date

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml.category.examples import examples, side_of
from ml.category.training import learn
from ml.category.wording import WordingModel
from ml.corrections import COLUMNS as SAID
from ml.enriching import enrich, enrich_alone, enrich_together
from ml.merchants.dictionary import Dictionary
from ml.registry import FACETS
from ml.results import SCHEMA
from ml.transactions import COLUMNS, prepared

TODAY = date(2024, 6, 1)
NAMES = [facet.name for facet in FACETS if facet.reads == "row"]
CORRECTED = pl.DataFrame(
    {"facet": ["category"], "like_key": ["mer_none:out"], "value": ["travel.lodging"],
     "said_on": [TODAY]}
)  # fmt: skip
ROW = st.fixed_dictionaries(
    {
        "provider": st.sampled_from(["plaid", "upload", "stripe"]),
        "merchant": st.sampled_from(
            ["SQ *BLUE BOTTLE 8442", "SQ *BLUE BOTTLE 9921", "SHELL 58712", "SHELL 41999", None,
             "SEPA-LASTSCHRIFT STADTWERKE", "PAYROLL 05/24", "kowalski bakery", "QWRTZ 0815", "",
             "post office counter 12", "日本語", "ACH ORIG CO NAME:ACME INC", "STRIPE TRANSFER",
             "ZELLE TO MARIA LOPEZ", "INVOICE 12 ANNA BERG DESIGN", "DOE LEGAL SERVICES LLC"]
        ),
        "counterparty": st.sampled_from([None, "Maria Lopez", "Acme GmbH", "Finanzamt Hamburg"]),
        "counterparty_account": st.sampled_from([None, "DE89370400440532013000", "123"]),
        "type": st.sampled_from([None, "card_payment", "fee", "charge", "direct_debit"]),
        "payment_method_type": st.sampled_from([None, "card", "sepa_debit"]),
        "merchant_category_code": st.sampled_from([None, "5814", "0000"]),
        "provider_category": st.sampled_from([None, "TRAVEL_FLIGHTS", "NONE_SUCH"]),
        "amount_minor": st.sampled_from([-7_500, -1, 0, 1, 90_000]),
        "currency": st.sampled_from(["USD", "GBP", "EUR", "JPY"]),
        "status": st.sampled_from([None, "succeeded", "pending"]),
        "account_type": st.sampled_from([None, "credit", "depository"]),
        "booked_on": st.sampled_from([None, date(2023, 12, 24), date(2024, 5, 1)]),
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def names() -> WordingModel:
    wanted = ("food_and_drink.coffee", "personal_care.beauty", "food_and_drink.groceries")
    made = [e for e in examples() if e.origin == "made up" and e.category in wanted]
    return learn(
        [e for e in made if side_of(e.merchant) == "training"],
        [e for e in made if side_of(e.merchant) != "training"],
    )


@settings(
    deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(ROW, min_size=2, max_size=7))
def test_every_facet_of_single_rows_says_of_each_what_it_says_of_all(model, names, rows):
    frame = pl.DataFrame(
        [{"id": f"t{place}", "connection_id": "c", **row} for place, row in enumerate(rows)],
        schema_overrides={name: COLUMNS[name] for name in rows[0]},
    )  # fmt: skip
    asked = {
        "as_of": TODAY, "facets": NAMES, "corrections": CORRECTED,
        "models": {"category": names, "ledger_account": model,
                   "merchant": Dictionary({"qwrtz": "Querz & Sons"}, "d-1")},
    }  # fmt: skip
    together = enrich(frame, **asked)
    apart = [enrich(frame[place], **asked) for place in range(frame.height)]
    for name in NAMES:
        alone = pl.concat([answers[name] for answers in apart])
        same = ["facet", "value", "evidence", "model_version", "abstained", "like_key"]
        assert together[name].select(same).rows() == alone.select(same).rows()
        # Sums of floats in another order differ in their last digits.
        assert together[name]["confidence"].to_list() == pytest.approx(
            alone["confidence"].to_list(), abs=1e-6
        )


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(row=ROW, text=st.none() | st.text(alphabet="ABC ab1290*#.:+-/é中\t", max_size=24))
def test_what_is_asked_of_one_row_without_polars_is_what_polars_says(model, names, row, text):
    if text is not None:
        row = {**row, "merchant": text}
    frame = prepared(pl.DataFrame(
        [{"id": "t", "connection_id": "c", **row}],
        schema_overrides={name: COLUMNS[name] for name in row},
    ))  # fmt: skip
    (line,) = frame.iter_rows(named=True)
    asked = (FACETS, TODAY, {
        "category": names, "ledger_account": model,
        "merchant": Dictionary({"qwrtz": "Querz & Sons"}, "d-1"),
    })  # fmt: skip
    _, key = enrich_alone(line, *asked)
    said = pl.DataFrame(
        {"facet": ["category", "worker_classification", "category", "recurring"],
         "like_key": [key, key, key, key], "value": ["people.payroll", "vendor", "travel.lodging",
         "weekly"], "said_on": [TODAY, TODAY, date(2024, 5, 1), TODAY]},
        schema=SAID,
    )  # fmt: skip
    for corrections in (CORRECTED, said):
        found, key = enrich_alone(line, *asked, corrections)
        together = dict(enrich_together(frame, *asked, corrections))
        for facet, answers in together.items():
            expected, (one,) = found[facet], answers.select(*SCHEMA, "like_key").rows()
            assert one == (
                facet, expected.value, pytest.approx(expected.confidence, abs=1e-6),
                expected.evidence, expected.model_version, expected.abstained, key,
            )  # fmt: skip


def test_a_reviewed_name_goes_before_the_rules_and_says_so():
    frame = pl.DataFrame(
        {"provider": "plaid", "id": ["a", "b"], "amount_minor": -1, "currency": "EUR",
         "merchant": ["PAYPAL *QWRTZ 0815", "SHELL 58712"]}
    )  # fmt: skip
    found = enrich(
        frame, as_of=TODAY, facets=["merchant"],
        models={"merchant": Dictionary({"qwrtz": "Querz & Sons"}, "d-1")},
    )["merchant"]  # fmt: skip
    assert found.select("value", "evidence", "model_version").rows() == [
        ("Querz & Sons", "Read from 'PAYPAL *QWRTZ 0815'; processor PayPal; a reviewed name.",
         "d-1"),
        ("Shell", "Read from 'SHELL 58712'; website shell.com; logo shell_com.",
         "merchant-rules-5"),
    ]  # fmt: skip
