"""Is what no rate is known for told with every answer, in amounts that mean something?"""

import csv
import io
from datetime import UTC, date, datetime

import pyarrow.parquet as pq
import pytest

STATE = {"version": 1, "is_deleted": 0, "computed_at": datetime(2024, 6, 1, 12, tzinfo=UTC)}
ASKED = {"since": "2024-01-01", "until": "2024-03-01", "reporting": True}


@pytest.fixture
def company(workspace):
    """EUR, USD and GBP in January, more GBP and JPY in February; a rate is known of JPY alone."""
    for currency, on, before, after in [
        ("EUR", date(2024, 1, 10), 0, 10000), ("USD", date(2024, 1, 11), 0, 3000),
        ("GBP", date(2024, 1, 12), 0, 700), ("GBP", date(2024, 2, 5), 700, 900),
        ("JPY", date(2024, 2, 6), 0, 5000),
    ]:  # fmt: skip
        put(
            workspace, "fct_mrr_movements", customer_id=f"cus_{currency}", currency=currency,
            moved_on=on, kind="expansion" if before else "new", mrr_before_minor=before,
            mrr_after_minor=after, delta_minor=after - before, cohort_month=date(2024, 1, 1),
            is_involuntary=False, until_on=date(2149, 6, 6), week_before_minor=before,
            month_before_minor=before,
        )  # fmt: skip
    put(
        workspace, "fct_exchange_rates", base_currency="JPY", quote_currency="EUR",
        day=date(2024, 2, 1), rate="0.0061", source="stripe", source_id="txn_x",
    )  # fmt: skip
    changed = workspace.api.patch(
        f"/v1/workspaces/{workspace.tenant}", json={"reporting_currency": "EUR"},
        headers=workspace.headers(),
    )  # fmt: skip
    assert changed.status_code == 200
    return workspace


def put(workspace, table, **row):
    row = {"workspace_id": str(workspace.tenant), "connection_id": "conn_test"} | row | STATE
    workspace.warehouse.insert_rows(f"marts.{table}", [list(row.values())], list(row))


def told(workspace, name, **asked):
    """Return an answer's points, and what of all is unconverted."""
    answer = workspace.get(f"/v1/metrics/{name}", **ASKED | asked)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    points = [
        (one["starts_on"], one["currency"], one["value"], amounts(one["unconverted"]))
        for one in body["data"]
    ]
    return points, amounts(body["unconverted"])


def amounts(unconverted):
    return {one["currency"]: one["amount"] for one in unconverted}


def test_a_stock_tells_each_interval_s_and_of_all_the_last_one_s(company):
    """Not 7.00 and 9.00 pounds added to 16.00, which nobody ever had."""
    points, unconverted = told(company, "live_mrr")
    assert points == [
        ("2024-01-01", "EUR", "100.00", {"GBP": "7.00", "USD": "30.00"}),
        ("2024-02-01", "EUR", "130.50", {"GBP": "9.00", "USD": "30.00"}),  # 5000 x 0.0061
    ]
    assert unconverted == {"GBP": "9.00", "USD": "30.00"}


def test_a_flow_tells_what_happened_in_all_intervals(company):
    points, unconverted = told(company, "mrr_movements")
    assert points == [
        ("2024-01-01", "EUR", "100.00", {"GBP": "7.00", "USD": "30.00"}),
        ("2024-02-01", "EUR", "30.50", {"GBP": "2.00"}),
    ]
    assert unconverted == {"GBP": "9.00", "USD": "30.00"}


def test_where_nothing_could_be_converted_there_is_no_value(company):
    assert told(company, "live_mrr", currency="USD") == (
        [
            ("2024-01-01", "EUR", None, {"USD": "30.00"}),
            ("2024-02-01", "EUR", None, {"USD": "30.00"}),
        ],
        {"USD": "30.00"},
    )
    answer = company.get("/v1/metrics/live_mrr", **ASKED | {"currency": "USD", "limit": 1})
    (point,) = answer.json()["data"]
    assert (point["value"], point["value_minor"]) == (None, None)


def test_a_ratio_tells_what_it_divides_by(company):
    """Fees of 0.50 on 20.00 dollars, and of 1.00 on 50.00 euro: not 20.50 dollars."""
    for on, currency, fee, gross in [
        (date(2024, 1, 3), "USD", 30, 1200), (date(2024, 2, 3), "USD", 20, 800),
        (date(2024, 1, 4), "EUR", 100, 5000),
    ]:  # fmt: skip
        put(
            company, "fct_settlement_days", day=on, category="charge", payment_currency=currency,
            payment_minor=gross, currency=currency, gross_minor=gross, fee_minor=fee, movements=1,
        )  # fmt: skip
    assert told(company, "fee_rate") == (
        [
            ("2024-01-01", "EUR", "0.020000", {"USD": "12.00"}),
            ("2024-02-01", "EUR", None, {"USD": "8.00"}),
        ],
        {"USD": "20.00"},
    )
    answer = company.get("/v1/metrics/fee_rate", **ASKED).json()
    assert [(one["numerator"], one["denominator"]) for one in answer["data"]] == [
        (100, 5000), (None, None),
    ]  # fmt: skip
    # What stood at the begin is no sum of two begins either.
    assert told(company, "net_retention") == (
        [
            ("2024-01-01", "EUR", None, {}),
            ("2024-02-01", "EUR", "1.000000", {"GBP": "7.00", "USD": "30.00"}),
        ],
        {"GBP": "7.00", "USD": "30.00"},
    )


def test_a_file_holds_what_the_answer_tells(company):
    path = "/v1/metrics/live_mrr/export"
    sheet = company.get(path, **ASKED)
    assert sheet.text == (
        "starts_on,currency,value,value_minor,numerator,denominator,unconverted\n"
        '2024-01-01,EUR,100.00,10000,,,"[{""currency"": ""GBP"", ""amount"": ""7.00""},'
        ' {""currency"": ""USD"", ""amount"": ""30.00""}]"\n'
        '2024-02-01,EUR,130.50,13050,,,"[{""currency"": ""GBP"", ""amount"": ""9.00""},'
        ' {""currency"": ""USD"", ""amount"": ""30.00""}]"\n'
    )
    file = company.get(path, format="parquet", **ASKED)
    points = company.get("/v1/metrics/live_mrr", **ASKED).json()["data"]
    for one in points:
        one["starts_on"] = date.fromisoformat(one["starts_on"])
        del one["dimensions"]
    assert pq.read_table(io.BytesIO(file.content)).to_pylist() == points
    alone = company.get(path, currency="USD", by="cohort_month", **ASKED)
    assert [list(row.values()) for row in csv.DictReader(io.StringIO(alone.text))] == [
        [month, "EUR", "2024-01-01", "", "", "", "", '[{"currency": "USD", "amount": "30.00"}]']
        for month in ("2024-01-01", "2024-02-01")
    ]


def test_a_file_in_the_amounts_own_currencies_has_no_such_column(company):
    sheet = company.get("/v1/metrics/live_mrr/export", **ASKED | {"reporting": False})
    assert sheet.text == (
        "starts_on,currency,value,value_minor,numerator,denominator\n"
        "2024-01-01,EUR,100.00,10000,,\n2024-01-01,GBP,7.00,700,,\n2024-01-01,USD,30.00,3000,,\n"
        "2024-02-01,EUR,100.00,10000,,\n2024-02-01,GBP,9.00,900,,\n2024-02-01,JPY,5000,5000,,\n"
        "2024-02-01,USD,30.00,3000,,\n"
    )
