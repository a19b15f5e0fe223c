"""Is the list, read from its own table, what the newest states of the rows say, whatever came when?

The table holds a transaction at every moment that it ever stood at; the answers may not.
"""

import json
import re
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.erasure import erase_connection
from core.settings import PROJECT_ROOT
from serving.transactions.listing import page_of_lines
from serving.transactions.schemas import Transaction, transaction_of
from serving.transactions.whole import Line, Shown, Whole, row_of

DAY = datetime(2024, 5, 1, tzinfo=UTC)
FEED = "dbt/models/unified/transactions_by_time/transactions_by_time__transactions.sql"


def ids(workspace, **asked):
    found, cursor = [], None
    while True:
        more = {} if cursor is None else {"cursor": cursor}
        answer = workspace.get("/v1/transactions", **asked, **more)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += [(row["connection_id"], row["id"]) for row in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


_STATES = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.sampled_from(["ra", "rb", "rc", "rd"]),
            "connection_id": st.sampled_from(["conn_a", "conn_b"]),
            "version": st.integers(1, 6),
            "day": st.integers(0, 4),
            "status": st.sampled_from(["pending", "succeeded"]),
            "amount_minor": st.sampled_from([-500, 500]),
            "removal": st.sampled_from([None, None, None, "with its day", "without"]),
        }
    ),
    unique_by=lambda state: (state["id"], state["connection_id"], state["version"]),
    max_size=24,
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(states=_STATES, batches=st.integers(1, 5), limit=st.integers(1, 4))
def test_moved_and_removed_rows_are_seen_where_they_are_now(new_workspace, states, batches, limit):
    """Independent path: the newest version of each, and its order, in Python."""
    workspace = new_workspace()
    for number in range(batches):
        rows = [
            {
                "id": state["id"], "connection_id": state["connection_id"], "provider": "plaid",
                "version": state["version"], "status": state["status"],
                "amount_minor": state["amount_minor"],
                "is_deleted": int(state["removal"] is not None),
                "occurred_at": datetime(1970, 1, 1, tzinfo=UTC)
                if state["removal"] == "without" else DAY + timedelta(days=state["day"]),
            }
            for state in states[number::batches]
        ]  # fmt: skip
        if rows:
            workspace.holds(*rows)
    newest = {}
    for state in sorted(states, key=lambda one: one["version"]):
        newest[state["connection_id"], state["id"]] = state
    there = [state for state in newest.values() if state["removal"] is None]

    def expected(keep):
        ordered = sorted(there, key=lambda s: (-s["day"], s["id"], s["connection_id"]))
        return [(s["connection_id"], s["id"]) for s in ordered if keep(s)]

    assert ids(workspace, limit=limit) == expected(lambda s: True)
    for asked, keep in (
        ({"status": "pending"}, lambda s: s["status"] == "pending"),
        ({"direction": "out", "pending": "false"},
         lambda s: s["amount_minor"] < 0 and s["status"] == "succeeded"),
        ({"since": "2024-05-02", "until": "2024-05-04"}, lambda s: 1 <= s["day"] < 3),
        ({"connection_id": "conn_a", "search": "RA"},
         lambda s: s["connection_id"] == "conn_a" and s["id"] == "ra"),
    ):  # fmt: skip
        assert ids(workspace, limit=limit, **asked) == expected(keep), asked


def test_each_way_of_writing_is_seen_by_the_next_request(workspace):
    """The same request, whose answer is at hand, after an insert, a removal and an erasure."""
    workspace.holds({"id": "a"}, {"id": "b", "connection_id": "conn_gone"})
    for _ in range(3):
        assert ids(workspace) == [("conn_test", "a"), ("conn_gone", "b")]
    workspace.holds({"id": "c", "occurred_at": DAY})
    assert ids(workspace) == [("conn_test", "a"), ("conn_gone", "b"), ("conn_test", "c")]
    workspace.holds({"id": "a", "version": 2, "is_deleted": 1})
    assert ids(workspace) == [("conn_gone", "b"), ("conn_test", "c")]
    erase_connection(workspace.warehouse, workspace.tenant, "conn_gone")
    assert ids(workspace) == [("conn_test", "c")]
    erase_connection(workspace.warehouse, workspace.tenant, "conn_test")
    assert ids(workspace) == []


def test_merging_parts_changes_no_answer(workspace):
    workspace.holds({"id": "a"}, {"id": "b", "provider": "plaid"})
    workspace.holds({"id": "b", "provider": "plaid", "version": 2, "occurred_at": DAY})
    before = workspace.get("/v1/transactions").json()
    workspace.warehouse.command("optimize table unified.transactions_by_time final")
    assert workspace.get("/v1/transactions").json() == before
    assert ids(workspace) == [("conn_test", "a"), ("conn_test", "b")]


def test_states_and_places_are_read_from_their_projections(workspace):
    workspace.holds(*({"id": f"r{number:04}"} for number in range(2_000)))
    for projection, sql in (
        ("state", "select workspace_id, count(), max(extracted_at), sum(version)"
         " from unified.transactions_by_time where workspace_id = '{}' group by workspace_id"),
        ("by_id", "select connection_id, id, argMax(newest_first, (version, landed_at))"
         " from unified.transactions_by_time where workspace_id = '{}'"
         " and connection_id in ['conn_test'] and id in ['r0900'] group by connection_id, id"),
    ):  # fmt: skip
        plan = workspace.warehouse.rows(f"explain {sql.format(workspace.tenant)}")
        assert f"ReadFromMergeTree ({projection})" in str(plan), plan


_TEXT = st.none() | st.text(max_size=12)
_TEXTS = (
    "description", "customer_id", "counterparty", "counterparty_account", "reference",
    "merchant_category_code", "provider_category", "invoice_id", "payment_id", "parent_id",
    "pending_id", "failure_code", "decline_code", "payment_method_type",
)  # fmt: skip
_MINOR = st.integers(-(2**62), 2**62)
_WHOLES = st.builds(
    Whole,
    provider=st.sampled_from(["stripe", "plaid"]), account_id=st.text(max_size=5),
    type=st.just("charge"), status=st.just("failed"), amount_minor=_MINOR,
    currency=st.sampled_from(["EUR", "JPY", "KWD"]), original_amount_minor=st.none() | _MINOR,
    original_currency=st.sampled_from([None, "USD", "BHD"]),
    balance_after_minor=st.none() | _MINOR,
    **dict.fromkeys(_TEXTS, _TEXT),
    booked_days=st.none() | st.integers(0, 40_000),
    posted_milliseconds=st.none() | st.integers(-(10**12), 10**13),
)  # fmt: skip


@given(
    whole=_WHOLES, newest_first=st.integers(-(10**13), 10**12), version=st.integers(0, 10**16),
    name=st.text(min_size=1, max_size=8),
)  # fmt: skip
def test_a_line_is_shown_as_the_schema_shows_its_row(whole, newest_first, version, name):
    """Independent path: Pydantic's own rendering of the same row."""
    text = json.dumps(list(json.loads(_json(whole))))
    line = Line(newest_first, name, "conn_a", version, text)
    page = json.loads(_json(page_of_lines([line], 1)))
    assert page == {"data": page["data"], "has_more": False, "next_cursor": None}
    assert page["data"] == [json.loads(transaction_of(row_of(line)).model_dump_json())]
    assert list(page["data"][0]) == list(Transaction.model_fields)


def _json(value):
    return msgspec.json.encode(value)


def test_the_feed_writes_what_is_read_in_that_order():
    sql = (PROJECT_ROOT / FEED).read_text()
    inside = re.search(r"toJSONString\(\((.*?)\)\) as whole", sql, re.S)[1]
    named = {"toInt32(booked_on)": "booked_days",
             "toUnixTimestamp64Milli(posted_at)": "posted_milliseconds"}  # fmt: skip
    written = [text.strip() for text in inside.split(",")]
    assert [named.get(text, text) for text in written] == list(Whole.__struct_fields__)
    assert list(Shown.__struct_fields__) == list(Transaction.model_fields)


@pytest.mark.parametrize("moment", ["1969-12-31T23:59:59.999Z", "2024-05-01T12:00:00.001Z"])
def test_a_bound_between_two_milliseconds_parts_them(workspace, moment):
    at = datetime.fromisoformat(moment)
    workspace.holds({"id": "a", "occurred_at": at})
    after = (at + timedelta(microseconds=500)).isoformat()
    before = (at - timedelta(microseconds=500)).isoformat()
    assert ids(workspace, since=before, until=after) == [("conn_test", "a")]
    assert ids(workspace, since=after) == []
    assert ids(workspace, until=before) == []
    assert ids(workspace, until=moment) == []
    assert ids(workspace, since=moment) == [("conn_test", "a")]
    assert workspace.get("/v1/transactions").json()["data"][0]["occurred_at"] == (
        f"{moment[:-1]}000Z"
    )


def test_dates_and_times_come_through(workspace):
    workspace.holds({"id": "a", "booked_on": date(2024, 5, 2), "posted_at": DAY})
    (row,) = workspace.get("/v1/transactions").json()["data"]
    assert (row["booked_on"], row["posted_at"]) == ("2024-05-02", "2024-05-01T00:00:00Z")
