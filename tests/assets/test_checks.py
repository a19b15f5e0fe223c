"""The verdicts of the checks over the raw edge, computed by hand."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from assets.audit import evaluate_completeness
from assets.checks import evaluate_freshness, evaluate_health, evaluate_lag, evaluate_rows
from assets.windows import parse_window
from core.clock import epoch_microseconds
from core.connections import Connection
from core.errors import InvalidInputError
from core.tenancy import TenantId
from pipelines.window import Window

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SOUND = {
    "rows": 5,
    "without_id": 0,
    "without_owner": 0,
    "of_unknown_origin": 0,
    "first_version": epoch_microseconds(datetime(2024, 1, 1, tzinfo=UTC)),
    "last_version": epoch_microseconds(NOW),
}
EMPTY = SOUND | {"rows": 0, "first_version": 0, "last_version": 0}
CONNECTION = Connection(
    TenantId("ws_test"), "conn_a", "stripe", "A", "acct_a", "http://x", {},
    last_synced_at=NOW - timedelta(minutes=59),
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "problems"),
    [
        ({}, {}),
        ({"without_id": 2}, {"without_id": 2}),
        (
            {"without_owner": 1, "of_unknown_origin": 4},
            {"without_owner": 1, "of_unknown_origin": 4},
        ),
        ({"first_version": 0}, {"version_too_early": 0}),
        (
            {"last_version": epoch_microseconds(NOW + timedelta(days=1))},
            {"version_in_the_future": epoch_microseconds(NOW + timedelta(days=1))},
        ),
    ],
)
def test_a_table_is_well_formed_or_says_why_not(change: dict[str, int], problems: dict[str, int]):
    result = evaluate_rows(SOUND | change, NOW)
    assert result.passed is (not problems)
    assert {name: value.value for name, value in result.metadata.items()} == {"rows": 5} | problems


def test_an_empty_table_is_well_formed():
    assert evaluate_rows(EMPTY, NOW).passed


def test_a_connection_is_fresh_for_an_hour_and_only_if_it_can_be_asked():
    late = replace(CONNECTION, id="conn_b", last_synced_at=NOW - timedelta(minutes=61))
    never = replace(CONNECTION, id="conn_c", last_synced_at=None)
    waiting = replace(never, id="conn_d", status="reconsent_required")
    assert evaluate_freshness([CONNECTION, waiting], NOW).passed
    result = evaluate_freshness([CONNECTION, late, never, waiting], NOW)
    assert not result.passed
    assert result.metadata["stale"].value == {
        "ws_test|conn_b": "2026-11-20T10:59:00+00:00",
        "ws_test|conn_c": "never",
    }


def test_a_connection_that_is_not_active_is_named_with_the_providers_reason():
    unwell = replace(
        CONNECTION, id="conn_b", status="reconsent_required", status_reason="Expired API Key"
    )
    assert evaluate_health([CONNECTION]).passed
    result = evaluate_health([CONNECTION, unwell])
    assert not result.passed
    assert result.metadata["not_active"].value == {
        "ws_test|conn_b": "reconsent_required: Expired API Key"
    }


@dataclass
class Side:
    count: int


@dataclass
class Day:
    object: str
    created_on: date
    provider: Side
    warehouse: Side
    is_complete: bool


def test_every_gap_of_an_audit_is_shown_and_an_unread_connection_is_one():
    whole = Day("charge", date(2026, 11, 1), Side(3), Side(3), is_complete=True)
    short = Day("charge", date(2026, 11, 2), Side(4), Side(3), is_complete=False)
    assert evaluate_completeness({"ws|a": [whole]}, {}).passed
    assert not evaluate_completeness({"ws|a": [whole]}, {"ws|b": "timeout"}).passed
    result = evaluate_completeness({"ws|a": [whole, short]}, {})
    assert not result.passed
    assert result.metadata["gaps"].value == 1
    shown = str(result.metadata["first_gaps"].value)
    assert shown.splitlines()[2:] == ["| ws a | charge | 2026-11-02 | 4 | 3 |"]


def test_a_window_is_days_or_moments():
    assert parse_window("2026-01-31", "2026-02-01T08:00:00Z") == Window(
        datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 2, 1, 8, tzinfo=UTC)
    )
    assert parse_window(None, "") == Window()
    for wrong in ("yesterday", "2026-13-01", "2026-01-31T08:00:00"):
        with pytest.raises(InvalidInputError):
            parse_window(wrong, None)


def test_lag_and_dead_letters_and_silence_are_told():
    told_at = NOW - timedelta(minutes=1)
    well = {"inbox_lag_seconds clickhouse": 3.0, "inbox_dead_letters refetch": 0.0}
    assert evaluate_lag(well, told_at, NOW).passed
    assert evaluate_lag({}, None, NOW).passed  # nothing has ever arrived
    assert not evaluate_lag(well | {"inbox_lag_seconds postgres": 301.0}, told_at, NOW).passed
    assert not evaluate_lag(well | {"inbox_dead_letters postgres": 1.0}, told_at, NOW).passed
    assert not evaluate_lag(well, NOW - timedelta(minutes=6), NOW).passed
