"""Guards the two watchers: the audit finds what is missing, the tail brings what happens."""

import asyncio
import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from core.connections import Connection
from core.errors import EngineUnavailableError
from pipelines.completeness import Tally
from pipelines.ingest import backfill
from pipelines.stripe.audit import audit
from pipelines.stripe.client import API_VERSION
from pipelines.stripe.tail import Tail
from pipelines.tail import _look, follow
from tests.pipelines.fake_stripe import FakeStripe, charge, connection
from tests.pipelines.test_ingest import served

NOON = int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp())
DAY = 86_400


def audited(settings, mine) -> dict[date, tuple[int, int, bool]]:
    verdicts = audit(
        settings, mine, since_on=date(2026, 3, 1), until_on=date(2026, 3, 4), objects=["charge"]
    )
    return {v.created_on: (v.provider.count, v.warehouse.count, v.is_complete) for v in verdicts}


def test_an_audit_names_the_day_on_which_something_is_missing(fresh, warehouse):
    stripe = FakeStripe({"/v1/charges": [charge(n, NOON + n * DAY // 100) for n in range(250)]})
    with served(stripe) as url:
        mine = connection("ws_audit", url=url)
        backfill(fresh, [mine], objects=["charge"])
        assert audited(fresh, mine) == {
            date(2026, 3, 1): (50, 50, True),
            date(2026, 3, 2): (100, 100, True),
            date(2026, 3, 3): (100, 100, True),
        }
        stripe.lists["/v1/charges"].append(charge(900, NOON + DAY))  # one that we have not
        stripe.lists["/v1/charges"].remove(charge(1, NOON + DAY // 100))  # one swapped for another
        stripe.lists["/v1/charges"].append(charge(901, NOON))
        found = audited(fresh, mine)
    assert found[date(2026, 3, 1)] == (50, 50, False)
    assert found[date(2026, 3, 2)] == (101, 100, False)
    assert found[date(2026, 3, 3)] == (100, 100, True)
    stored = warehouse.rows(
        "select created_on, is_complete from raw.completeness final where workspace_id = 'ws_audit'"
        " order by created_on"
    )
    assert [row["is_complete"] for row in stored] == [False, False, True]


def test_a_tally_does_not_depend_on_the_order():
    one, other = Tally(), Tally()
    for name in ("a", "b", "c"):
        one.add(name)
    for name in ("c", "a", "b"):
        other.add(name)
    assert one == other
    other.add("d")
    assert one != other


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not happen within 60 s"
        time.sleep(0.05)


def happening(number: int, kind: str, body: dict) -> dict:
    now = int(time.time())
    return {"id": f"evt_{number}", "object": "event", "created": now, "type": kind,
            "api_version": API_VERSION, "data": {"object": body}}  # fmt: skip


def test_the_tail_brings_changes_by_itself_and_stops_when_told(fresh, held, warehouse):
    stripe = FakeStripe({"/v1/events": []})
    stop, revoked = threading.Event(), []
    with served(stripe) as url:
        good = connection("ws_tail", "conn_good", url)
        bad = connection("ws_tail", "conn_bad", url, key="sk_test_wrong")
        thread = threading.Thread(
            target=follow,
            args=(fresh, stop, lambda: [bad, good], lambda c, why: revoked.append((c.id, why))),
        )
        thread.start()
        try:
            until(lambda: len(stripe.requests) >= 2)
            stripe.lists["/v1/events"] = [happening(1, "charge.succeeded", charge(1, NOON))]
            until(lambda: "ch_000001" in held("ws_tail", "charge"))
            stripe.single["/v1/charges/ch_000001"] = charge(1, NOON, paid=True)
            stripe.lists["/v1/events"] = [
                happening(2, "charge.updated", charge(1, NOON, paid=True)),
                *stripe.lists["/v1/events"],
            ]
            until(lambda: json.loads(held("ws_tail", "charge")["ch_000001"][1]).get("paid") is True)
            until(lambda: len(held("ws_tail", "event")) == 2)
        finally:
            stop.set()
            thread.join(timeout=60)
    assert not thread.is_alive()
    assert revoked == [("conn_bad", "Invalid API Key provided: sk_test_****")]
    cursors = warehouse.rows(
        "select connection_id from raw.cursor final where workspace_id = 'ws_tail'"
    )
    assert [row["connection_id"] for row in cursors] == ["conn_good"]


class FullDisk:
    """A warehouse that takes no rows."""

    def insert_arrow(self, table: str, rows: object) -> None:
        raise EngineUnavailableError(f"no room for {table}")


def test_rows_that_the_warehouse_did_not_take_are_brought_by_the_next_look(fresh, held, warehouse):
    stripe = FakeStripe({"/v1/events": [happening(1, "charge.succeeded", charge(1, NOON))]})

    async def look_twice(mine: Connection) -> tuple[int, int]:
        async with Tail(fresh, mine) as tail:
            with pytest.raises(EngineUnavailableError):
                await _look(tail, FullDisk(), mine, 0)
            return await _look(tail, warehouse, mine, 0), await _look(tail, FullDisk(), mine, 0)

    with served(stripe) as url:
        first, again = asyncio.run(look_twice(connection("ws_refused", url=url)))
    assert set(held("ws_refused", "charge")) == {"ch_000001"}
    assert set(held("ws_refused", "event")) == {"evt_1"}
    assert first >= stripe.lists["/v1/events"][0]["created"]
    assert again >= first  # what has landed is not handed over again
