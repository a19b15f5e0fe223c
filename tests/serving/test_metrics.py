"""Is recurring revenue shown to the cent, on every day, and never across currencies or tenants?"""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import utc_now
from serving.metrics.series import Movement, interval_start, series

COMPUTED = datetime(2024, 6, 1, 12, tzinfo=UTC)
NOTHING = {"delta": "0.00", "delta_minor": 0, "customers": 0}


def moved(workspace, moved_on, kind, before, after, *, customer="cus_1", currency="EUR"):
    """Put one movement into the mart."""
    row = {
        "workspace_id": str(workspace.tenant), "connection_id": "conn_test",
        "customer_id": customer, "currency": currency, "moved_on": date.fromisoformat(moved_on),
        "kind": kind, "mrr_before_minor": before, "mrr_after_minor": after,
        "delta_minor": after - before, "version": 1, "is_deleted": 0, "computed_at": COMPUTED,
    }  # fmt: skip
    workspace.warehouse.insert_rows("marts.fct_mrr_movements", [list(row.values())], list(row))


def test_a_month_is_shown_with_what_moved_it(workspace):
    moved(workspace, "2024-01-10", "new", 0, 4900)
    moved(workspace, "2024-01-20", "expansion", 4900, 9900)
    moved(workspace, "2024-01-20", "new", 0, 2900, customer="cus_2")
    moved(workspace, "2024-03-05", "churn", 2900, 0, customer="cus_2")
    moved(workspace, "2024-03-05", "new", 0, 500, customer="cus_3", currency="JPY")
    answer = workspace.get(
        "/v1/metrics/mrr", since="2024-01-01", until="2024-04-01", interval="month"
    )
    assert answer.status_code == 200
    quiet = dict.fromkeys(["new", "expansion", "contraction", "churn", "reactivation"], NOTHING)
    yen_quiet = {kind: NOTHING | {"delta": "0"} for kind in quiet}
    assert answer.json() == {
        "interval": "month",
        "data": [
            {
                "currency": "EUR",
                "points": [
                    {
                        "starts_on": "2024-01-01", "mrr": "128.00", "mrr_minor": 12800,
                        "movements": quiet | {
                            "new": {"delta": "78.00", "delta_minor": 7800, "customers": 2},
                            "expansion": {"delta": "50.00", "delta_minor": 5000, "customers": 1},
                        },
                    },
                    {
                        "starts_on": "2024-02-01", "mrr": "128.00", "mrr_minor": 12800,
                        "movements": quiet,
                    },
                    {
                        "starts_on": "2024-03-01", "mrr": "99.00", "mrr_minor": 9900,
                        "movements": quiet | {
                            "churn": {"delta": "-29.00", "delta_minor": -2900, "customers": 1}
                        },
                    },
                ],
            },
            {
                "currency": "JPY",
                "points": [
                    {
                        "starts_on": "2024-01-01", "mrr": "0", "mrr_minor": 0,
                        "movements": yen_quiet,
                    },
                    {
                        "starts_on": "2024-02-01", "mrr": "0", "mrr_minor": 0,
                        "movements": yen_quiet,
                    },
                    {
                        "starts_on": "2024-03-01", "mrr": "500", "mrr_minor": 500,
                        "movements": yen_quiet | {
                            "new": {"delta": "500", "delta_minor": 500, "customers": 1}
                        },
                    },
                ],
            },
        ],
    }  # fmt: skip


def test_days_carry_what_came_before_them(workspace):
    moved(workspace, "2024-01-10", "new", 0, 4900)
    moved(workspace, "2024-02-02", "contraction", 4900, 2900)
    answer = workspace.get("/v1/metrics/mrr", since="2024-02-01", until="2024-02-04")
    (eur,) = answer.json()["data"]
    assert [(p["starts_on"], p["mrr_minor"]) for p in eur["points"]] == [
        ("2024-02-01", 4900), ("2024-02-02", 2900), ("2024-02-03", 2900),
    ]  # fmt: skip


def test_without_bounds_the_series_runs_from_the_first_movement_to_today(workspace):
    today = utc_now().date()
    moved(workspace, str(today - timedelta(days=2)), "new", 0, 100)
    (eur,) = workspace.get("/v1/metrics/mrr").json()["data"]
    assert [p["mrr_minor"] for p in eur["points"]] == [100, 100, 100]
    assert eur["points"][-1]["starts_on"] == str(today)


def test_without_bounds_an_answer_is_short(workspace):
    """Ten years of movements: a quarter of days, two years of weeks, five years of months."""
    today = utc_now().date()
    moved(workspace, str(today - timedelta(days=3650)), "new", 0, 100)
    shown = {
        interval: workspace.get("/v1/metrics/mrr", interval=interval).json()["data"][0]["points"]
        for interval in ("day", "week", "month")
    }
    assert {interval: len(points) for interval, points in shown.items()} == {
        "day": 90, "week": 104, "month": 60,
    }  # fmt: skip
    assert {point["mrr_minor"] for points in shown.values() for point in points} == {100}
    assert [shown[interval][-1]["starts_on"] for interval in ("day", "month")] == [
        str(today), str(today.replace(day=1)),
    ]  # fmt: skip


def test_one_currency_may_be_asked_for(workspace):
    moved(workspace, "2024-01-10", "new", 0, 4900)
    moved(workspace, "2024-01-10", "new", 0, 500, currency="JPY")
    answer = workspace.get("/v1/metrics/mrr", currency="JPY", until="2024-01-11")
    assert [series["currency"] for series in answer.json()["data"]] == ["JPY"]


def test_another_workspaces_revenue_is_not_counted(workspace, new_workspace):
    moved(new_workspace(), "2024-01-10", "new", 0, 999)
    assert workspace.get("/v1/metrics/mrr").json() == {"interval": "day", "data": []}


def test_the_answer_is_as_of_the_older_of_mart_and_subscriptions(workspace):
    moved(workspace, "2024-01-10", "new", 0, 4900)
    ingested = COMPUTED - timedelta(hours=1)
    columns = ["workspace_id", "connection_id", "id", "version", "extracted_at"]
    for name, moment in (("sub_1", ingested), ("sub_2", ingested - timedelta(hours=1))):
        row = [str(workspace.tenant), "conn_test", name, 1, moment]
        workspace.warehouse.insert_rows("unified.subscriptions", [row], columns)
    answer = workspace.get("/v1/metrics/mrr", since="2024-01-01", until="2024-01-02")
    assert answer.headers["X-Data-As-Of"] == "2024-06-01T11:00:00.000Z"


@pytest.mark.parametrize(
    "parameters",
    [
        {"since": "2024-02-01", "until": "2024-02-01"}, {"since": "1970-01-01"},
        {"since": "yesterday"}, {"until": "2200-01-01"}, {"currency": "eur"}, {"interval": "year"},
    ],
)  # fmt: skip
def test_a_senseless_question_is_a_problem(workspace, parameters):
    moved(workspace, "2024-01-10", "new", 0, 4900)
    answer = workspace.get("/v1/metrics/mrr", **parameters)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


_DAYS = st.dates(date(2023, 11, 1), date(2024, 3, 31))
_MOVEMENTS = st.lists(
    st.builds(
        Movement, _DAYS, st.sampled_from(["new", "churn"]), st.integers(-500, 500), st.just(1)
    ),
    max_size=15,
)


@given(_MOVEMENTS, _DAYS, st.integers(0, 60), st.sampled_from(["day", "week", "month"]))
def test_every_point_is_the_sum_of_all_movements_up_to_its_end(movements, since, days, interval):
    until = since + timedelta(days=days)
    known = [movement for movement in movements if movement.moved_on < until]
    points = series(known, since, until, interval)
    starts = [point.starts_on for point in points]
    assert starts == sorted({interval_start(since + timedelta(d), interval) for d in range(days)})
    for point, following in zip(points, [*starts[1:], until][: len(starts)], strict=True):
        assert point.mrr_minor == sum(m.delta_minor for m in known if m.moved_on < following)
