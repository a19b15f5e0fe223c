"""Do saved metrics add up, cut, convert and page exactly, of one workspace alone?"""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow.parquet as pq
import pytest

from serving.metrics import billing, recovery
from serving.pagination import encode_position
from tests.serving.documented import DOCUMENT

COMPUTED = datetime(2024, 6, 1, 12, tzinfo=UTC)
NEVER = date(2149, 6, 6)
STATE = {"version": 1, "is_deleted": 0, "computed_at": COMPUTED}


def put(workspace, table, **row):
    """Put one row into a mart."""
    row = {"workspace_id": str(workspace.tenant), "connection_id": "conn_test"} | row | STATE
    workspace.warehouse.insert_rows(f"marts.{table}", [list(row.values())], list(row))


def moved(workspace, customer, on, before, after, currency="EUR", **row):
    kind = "new" if before == 0 else "churn" if after == 0 else "expansion"
    kind = "contraction" if 0 < after < before else kind
    put(
        workspace, "fct_mrr_movements", customer_id=customer, currency=currency,
        moved_on=date.fromisoformat(on), kind=kind, mrr_before_minor=before, mrr_after_minor=after,
        delta_minor=after - before, **{
            "cohort_month": date(2024, 1, 1), "is_involuntary": False, "until_on": NEVER,
            "week_before_minor": before, "month_before_minor": before,
        } | row,
    )  # fmt: skip


def company(workspace):
    """Three customers in January; in February one expands, one contracts, one leaves, one comes."""
    moved(workspace, "cus_1", "2024-01-10", 0, 10000, until_on=date(2024, 2, 5))
    moved(workspace, "cus_2", "2024-01-10", 0, 5000, until_on=date(2024, 2, 6))
    moved(workspace, "cus_3", "2024-01-20", 0, 5000, until_on=date(2024, 2, 7))
    moved(workspace, "cus_1", "2024-02-05", 10000, 13000)
    moved(workspace, "cus_2", "2024-02-06", 5000, 4000)
    moved(workspace, "cus_3", "2024-02-07", 5000, 0, is_involuntary=True)
    moved(workspace, "cus_4", "2024-02-08", 0, 2000, cohort_month=date(2024, 2, 1))


def told(workspace, name, prefix="/v1/metrics", **parameters) -> list[tuple[Any, ...]]:
    """Return a metric's points: first day, currency, cuts, value."""
    parameters = {"since": "2024-01-01", "until": "2024-04-01"} | parameters
    answer = workspace.get(f"{prefix}/{name}", **parameters)
    assert answer.status_code == 200, answer.text
    return [
        (one["starts_on"], one["currency"], *one["dimensions"].values(), one["value"])
        for one in answer.json()["data"]
    ]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("live_mrr", ["200.00", "190.00", "190.00"]),
        ("arr", ["2400.00", "2280.00", "2280.00"]),
        ("customers", ["3", "3", "3"]),
        ("arpu", ["66.67", "63.33", "63.33"]),
        # In January nobody was there at its begin; in March nothing happened.
        ("net_retention", [None, "0.850000", "1.000000"]),  # 130 + 40 of 200
        ("gross_retention", [None, "0.700000", "1.000000"]),  # 100 + 40 of 200
        ("revenue_churn", [None, "0.300000", "0.000000"]),
        ("logo_churn", [None, "0.333333", "0.000000"]),
        ("ltv", [None, "200.00", None]),  # 200.00 were there, one customer left
    ],
)
def test_what_customers_are_worth_month_by_month(workspace, name, values):
    company(workspace)
    months = ("2024-01-01", "2024-02-01", "2024-03-01")
    assert told(workspace, name) == [
        (month, "EUR", value) for month, value in zip(months, values, strict=True)
    ]


def test_movements_are_cut_and_filtered(workspace):
    company(workspace)
    assert told(workspace, "mrr_movements", by=["kind", "is_involuntary"], since="2024-02-01") == [
        ("2024-02-01", "EUR", "churn", "true", "-50.00"),
        ("2024-02-01", "EUR", "contraction", "false", "-10.00"),
        ("2024-02-01", "EUR", "expansion", "false", "30.00"),
        ("2024-02-01", "EUR", "new", "false", "20.00"),
    ]
    chosen = told(
        workspace, "mrr_movements", filter=["kind:churn", "kind:new"], since="2024-02-01",
        interval="week",
    )  # fmt: skip
    assert chosen == [("2024-02-05", "EUR", "-30.00")]  # -50 and 20
    lost = told(workspace, "involuntary_churn", prefix="/v1/recovery/metrics")
    assert lost == [("2024-02-01", "EUR", "50.00")]


def refused(workspace, name, on, amount, outcome, settled=None, **row):
    recovered = outcome == "recovered"
    put(
        workspace, "fct_recovery_episodes", episode_id=name, currency="USD", amount_minor=amount,
        opened_at=datetime.fromisoformat(f"{on}T10:00:00+00:00"), outcome=outcome,
        recovered_at=datetime(2024, 1, 20, tzinfo=UTC) if recovered else None, settled_at=settled,
        **{"decline_code": "insufficient_funds", "country": "US"}
        | {"recovered_minor": amount if recovered else 0}
        | {"at_risk_minor": amount if outcome == "open" else 0}
        | row,
    )  # fmt: skip


def test_recovery_counts_money_once_it_has_settled(workspace):
    settled, coming = datetime(2024, 2, 2, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
    refused(workspace, "in_1", "2024-01-10", 3000, "recovered", settled)
    refused(workspace, "in_2", "2024-01-11", 1000, "recovered", coming)
    refused(workspace, "in_3", "2024-01-12", 2000, "open", country="DE")
    refused(workspace, "in_4", "2024-01-13", 4000, "lost", lost_at=settled, country="DE")
    ask = {"prefix": "/v1/recovery/metrics"}
    assert told(workspace, "recovery_rate", **ask) == [("2024-01-01", "USD", "0.250000")]
    assert told(workspace, "recovered_share", **ask) == [("2024-01-01", "USD", "0.300000")]
    assert told(workspace, "recovered_amount", **ask) == [("2024-02-01", "USD", "30.00")]
    assert told(workspace, "recovery_rate", by="country", **ask) == [
        ("2024-01-01", "USD", "DE", "0.000000"), ("2024-01-01", "USD", "US", "0.500000"),
    ]  # fmt: skip
    # Collected on 20 January, given up on 2 February, one still owed.
    assert told(workspace, "cash_at_risk", **ask) == [
        ("2024-01-01", "USD", "60.00"), ("2024-02-01", "USD", "20.00"),
        ("2024-03-01", "USD", "20.00"),
    ]  # fmt: skip


def test_what_went_back_is_not_recovered_and_what_came_is_not_at_risk(workspace):
    settled = datetime(2024, 2, 2, tzinfo=UTC)
    # Lost to a dispute; 10.00 of 40.00 credited; of 50.00 30.00 came, and the rest is owed.
    refused(workspace, "in_1", "2024-01-10", 3000, "recovered", settled, recovered_minor=0)
    refused(workspace, "in_2", "2024-01-11", 4000, "recovered", settled, recovered_minor=3000)
    refused(workspace, "in_3", "2024-01-12", 5000, "open", settled, recovered_minor=3000,
            at_risk_minor=2000)  # fmt: skip
    # Another payment had paid it before the bank took the debit back.
    refused(workspace, "in_4", "2024-02-15", 700, "recovered", settled)
    ask = {"prefix": "/v1/recovery/metrics"}
    assert told(workspace, "recovery_rate", **ask) == [
        ("2024-01-01", "USD", "0.333333"), ("2024-02-01", "USD", "1.000000"),
    ]  # fmt: skip
    assert told(workspace, "recovered_share", **ask) == [
        ("2024-01-01", "USD", "0.500000"), ("2024-02-01", "USD", "1.000000"),
    ]  # fmt: skip
    assert told(workspace, "recovered_amount", **ask) == [("2024-02-01", "USD", "67.00")]
    # In January 30.00 and 40.00 came and went; never less than what is owed.
    assert told(workspace, "cash_at_risk", interval="day", since="2024-01-10", until="2024-01-13",
                **ask) == [
        ("2024-01-10", "USD", "30.00"), ("2024-01-11", "USD", "70.00"),
        ("2024-01-12", "USD", "90.00"),
    ]  # fmt: skip
    assert told(workspace, "cash_at_risk", **ask) == [
        ("2024-01-01", "USD", "20.00"), ("2024-02-01", "USD", "20.00"),
        ("2024-03-01", "USD", "20.00"),
    ]  # fmt: skip


def test_what_is_owed_grows_older_until_it_is_paid(workspace):
    """7.00 due on 31 January and open; 5.00 due on the 5th and paid on 10 February."""
    january, february, march = date(2024, 1, 1), date(2024, 2, 1), date(2024, 3, 2)
    for invoice, age, owed, since, until in (
        ("in_1", "not due", 700, january, february), ("in_1", "1 to 30", 700, february, march),
        ("in_1", "31 to 60", 700, march, date(2024, 4, 1)),
        ("in_2", "not due", 500, date(2024, 1, 5), date(2024, 1, 6)),
        ("in_2", "1 to 30", 500, date(2024, 1, 6), date(2024, 2, 5)),
        ("in_2", "31 to 60", 500, date(2024, 2, 5), date(2024, 2, 10)),
    ):  # fmt: skip
        put(
            workspace, "fct_receivables", invoice_id=invoice, age=age, currency="EUR",
            owed_minor=owed, from_on=since, until_on=until,
        )  # fmt: skip
    owed = told(workspace, "receivables", by="age", until="2024-03-01")
    assert [row for row in owed if row[-1] != "0.00"] == [
        ("2024-01-01", "EUR", "1 to 30", "5.00"), ("2024-01-01", "EUR", "not due", "7.00"),
        ("2024-02-01", "EUR", "1 to 30", "7.00"),
    ]  # fmt: skip
    assert told(workspace, "receivables", until="2024-03-01") == [
        ("2024-01-01", "EUR", "12.00"), ("2024-02-01", "EUR", "7.00"),
    ]  # fmt: skip


def test_revenue_is_earned_by_the_second_and_the_rest_is_deferred(workspace):
    """90 days of service for 90.00, billed on its second day."""
    for number in range(1, 90):
        put(
            workspace, "fct_revenue_days", day=date(2024, 1, 1) + timedelta(days=number),
            currency="EUR", kind="longer", lines=1, billed_minor=9000 if number == 1 else 0,
            earned_minor=200 if number == 1 else 100,
        )  # fmt: skip
    assert told(workspace, "revenue") == [
        ("2024-01-01", "EUR", "31.00"), ("2024-02-01", "EUR", "29.00"),
        ("2024-03-01", "EUR", "30.00"),
    ]  # fmt: skip
    assert [row[-1] for row in told(workspace, "deferred_revenue")] == ["59.00", "30.00", "0.00"]
    days = told(workspace, "revenue", interval="day", until="2024-01-04")
    assert [row[-1] for row in days] == ["0.00", "2.00", "1.00"]


def test_amounts_are_converted_day_by_day_at_rates_that_are_told_with_them(workspace):
    """JPY by the processor's rate, USD by the workspace's own, GBP by none."""
    for currency, on, minor in [
        ("EUR", 1, 1000),
        ("JPY", 2, 5000),
        ("USD", 3, 1000),
        ("USD", 20, 1000),
        ("GBP", 4, 700),
    ]:
        put(
            workspace, "fct_settlement_days", day=date(2024, 2, on), category="charge",
            payment_currency=currency, payment_minor=minor, currency="EUR", gross_minor=minor,
            movements=1,
        )  # fmt: skip
    put(
        workspace, "fct_exchange_rates", base_currency="JPY", quote_currency="EUR",
        day=date(2024, 1, 31), rate="0.0061", source="stripe", source_id="txn_x",
    )  # fmt: skip
    rate = {"base_currency": "EUR", "quote_currency": "USD"}
    body = {"data": [rate | {"day": "2024-02-01", "rate": "1.25"},
                     rate | {"day": "2024-02-20", "rate": "1.1"}]}  # fmt: skip
    path = f"/v1/workspaces/{workspace.tenant}"
    asked = {"since": "2024-02-01", "until": "2024-03-01", "reporting": True}
    without = workspace.get("/v1/metrics/payments", **asked)
    assert (without.status_code, without.json()["code"]) == (422, "invalid_input")
    api, headers = workspace.api, workspace.headers()
    assert api.put("/v1/exchange_rates", json=body, headers=headers).status_code == 200
    for nowhere in ("ZZZ", "DEM", "eur", "XAU"):  # unknown, of the past, not upper case, gold
        refused = api.patch(path, json={"reporting_currency": nowhere}, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input"), nowhere
    changed = api.patch(path, json={"reporting_currency": "EUR"}, headers=headers)
    assert (changed.status_code, changed.json()["reporting_currency"]) == (200, "EUR")
    answer = workspace.get("/v1/metrics/payments", **asked).json()
    # 10.00 + 5000 x 0.0061 = 30.50 + 10.00 / 1.25 = 8.00 + 10.00 / 1.1 = 9.09
    assert [(one["currency"], one["value"]) for one in answer["data"]] == [("EUR", "57.59")]
    assert answer["unconverted"] == [{"currency": "GBP", "amount": "7.00"}]
    assert sorted((r["base_currency"], r["day"], r["rate"], r["source"]) for r in answer["rates"]) \
        == [("EUR", "2024-02-01", "1.25", "workspace"), ("EUR", "2024-02-20", "1.1", "workspace"),
            ("JPY", "2024-01-31", "0.0061", "stripe")]  # fmt: skip
    assert told(workspace, "payments", since="2024-02-01", currency="USD") == [
        ("2024-02-01", "USD", "20.00")
    ]


def test_a_rate_is_told_again_and_taken_back(workspace):
    rate = {"base_currency": "USD", "quote_currency": "EUR", "day": "2024-02-01"}
    seen = []
    for said in ("0.9", "0.95", None):
        answer = workspace.api.put(
            "/v1/exchange_rates", json={"data": [rate | {"rate": said}]},
            headers=workspace.headers(),
        )  # fmt: skip
        seen.append([one["rate"] for one in answer.json()["data"]])
    assert seen == [["0.9"], ["0.95"], []]
    logged = workspace.get("/v1/audit_log", action="exchange_rates.told").json()["data"]
    day = {"base_currency": "USD", "quote_currency": "EUR", "day": "2024-02-01"}
    assert [one["details"]["changes"] for one in reversed(logged)] == [
        [day | {"before": None, "after": "0.9"}],
        [day | {"before": "0.9", "after": "0.95"}],
        [day | {"before": "0.95", "after": None}],
    ]
    for wrong in ("0", "-1", "1e5", "abc"):
        answer = workspace.api.put(
            "/v1/exchange_rates", json={"data": [rate | {"rate": wrong}]},
            headers=workspace.headers(),
        )  # fmt: skip
        assert answer.status_code == 422, wrong


def test_rates_are_walked_page_by_page_told_and_seen_in_one_order(workspace):
    for day in (3, 1):
        put(
            workspace, "fct_exchange_rates", base_currency="EUR", quote_currency="USD",
            day=date(2024, 1, day), rate=f"1.{day}", source="stripe", source_id="txn_x",
        )  # fmt: skip
    told = [
        {"base_currency": base, "quote_currency": "USD", "day": f"2024-01-0{day}", "rate": "2"}
        for base, day in (("EUR", 3), ("EUR", 2), ("GBP", 1), ("CAD", 5))
    ]
    answer = workspace.api.put(
        "/v1/exchange_rates", json={"data": told}, headers=workspace.headers()
    )
    assert [one["base_currency"] for one in answer.json()["data"]] == ["CAD", "EUR", "EUR", "GBP"]
    seen, cursor = [], {}
    while cursor is not None:
        page = workspace.get("/v1/exchange_rates", limit=2, **cursor).json()
        seen += page["data"]
        assert len(page["data"]) <= 2
        cursor = {"cursor": page["next_cursor"]} if page["has_more"] else None
    assert [(one["base_currency"], one["day"][-1], one["source"]) for one in seen] == [
        ("CAD", "5", "workspace"), ("EUR", "1", "stripe"), ("EUR", "2", "workspace"),
        ("EUR", "3", "stripe"), ("EUR", "3", "workspace"), ("GBP", "1", "workspace"),
    ]  # fmt: skip
    half_a_pair = encode_position("", "", "", "\ud800")
    foreign = workspace.get("/v1/exchange_rates", cursor=half_a_pair)
    assert (foreign.status_code, foreign.json()["code"]) == (422, "invalid_input")


def test_pages_and_exports_hold_the_same_points(workspace):
    for number in range(7):
        put(
            workspace, "fct_recovery_episodes", episode_id=f"in_{number}", currency="USD",
            amount_minor=100 * number, opened_at=datetime(2024, 1, 3, tzinfo=UTC),
            plan=f"={number}", outcome="open",
        )  # fmt: skip
    path, asked = "/v1/recovery/metrics/failed_amount", {"by": "plan", "since": "2024-01-01"}
    whole = workspace.get(path, **asked).json()["data"]
    assert [(one["dimensions"]["plan"], one["value_minor"]) for one in whole] == [
        (f"={number}", 100 * number) for number in range(7)
    ]
    paged, cursor = [], None
    while True:
        more = {} if cursor is None else {"cursor": cursor}
        page = workspace.get(path, limit=3, **asked, **more).json()
        paged += page["data"]
        cursor = page["next_cursor"]
        if not page["has_more"]:
            break
    assert paged == whole
    sheet = workspace.get(f"{path}/export", format="csv", **asked)
    assert sheet.headers["content-type"].startswith("text/csv")
    read = list(csv.DictReader(io.StringIO(sheet.text)))
    # What a spreadsheet would run is shown to be text.
    assert [(row["plan"], row["value_minor"]) for row in read] == [
        (f"'={number}", str(100 * number)) for number in range(7)
    ]
    file = workspace.get(f"{path}/export", format="parquet", **asked)
    table = pq.read_table(io.BytesIO(file.content)).to_pylist()
    assert [(row["plan"], row["value_minor"], row["starts_on"]) for row in table] == [
        (f"={number}", 100 * number, date(2024, 1, 1)) for number in range(7)
    ]


@pytest.mark.parametrize(
    "asked",
    [
        {"by": "country"}, {"filter": "country:DE"}, {"by": ["kind", "kind"]},
        {"since": "2024-02-01", "until": "2024-02-01"}, {"interval": "year"}, {"cursor": "x"},
        {"by": ["kind", "is_involuntary", "cohort_month", "x"]}, {"filter": "kind"},
        {"since": "1970-01-01", "interval": "day"}, {"unknown": "1"},
    ],
)  # fmt: skip
def test_a_senseless_question_is_a_problem(workspace, asked):
    answer = workspace.get("/v1/metrics/mrr_movements", **asked)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


def test_a_metric_by_the_month_alone_says_so(workspace):
    answer = workspace.get("/v1/metrics/ltv", interval="day")
    assert (answer.status_code, "month" in answer.json()["detail"]) == (422, True)


def test_the_list_names_every_metric_and_each_answers(workspace):
    """Every entry of the registry is SQL that runs, cut by every one of its dimensions."""
    listed = workspace.get("/v1/metrics").json()["data"]
    assert [one["name"] for one in listed] == [*billing.METRICS, *recovery.METRICS]
    for one in listed:
        assert workspace.get(one["address"]).json()["data"] == []
        names = one["dimensions"]
        for cuts in (names[place : place + 3] for place in range(0, len(names), 3)):
            asked = {"by": cuts, "filter": [f"{name}:x" for name in cuts]}
            answer = workspace.get(one["address"], interval=one["intervals"][-1], **asked)
            assert answer.status_code == 200, (one["name"], cuts, answer.text)
    assert workspace.get("/v1/metrics/nothing").status_code == 404


def test_mrr_keeps_its_own_shape():
    paths = DOCUMENT["paths"]
    assert paths["/v1/metrics/mrr"]["get"]["operationId"] == "get_mrr"
    assert "mrr" not in billing.METRICS


def test_another_workspaces_facts_are_not_counted(workspace, new_workspace):
    company(new_workspace())
    assert told(workspace, "live_mrr") == []
