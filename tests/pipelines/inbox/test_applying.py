"""Guards the way into both stores: alone, beside poison, after an outage, with two workers."""

import json
import threading
import time
from datetime import timedelta

import pytest
from pydantic import SecretStr

from core.clock import utc_now
from core.errors import EngineUnavailableError
from core.inbox import APPEND, Arrival, append_values
from core.tenancy import new_id
from core.warehouse import WarehouseQueryError
from pipelines.inbox import tidying
from pipelines.inbox.figures import tell_figures
from pipelines.inbox.refetching import Refetcher
from pipelines.inbox.retrying import retry_due
from pipelines.inbox.tasks import ATTEMPTS, next_attempt
from pipelines.inbox.worker import apply_share, opened, run_inbox
from pipelines.tail import run_tail
from tests.pipelines.fake_stripe import FakeStripe
from tests.pipelines.inbox.conftest import customer, event
from tests.pipelines.test_ingest import served

NOW = 1_790_000_000


def test_an_event_is_in_both_stores_byte_for_byte(engine):
    mine = engine.connect()
    inner = '{"id": "ch_1", "object": "charge",  "amount": 7210, "rate": 72.10}'
    head = '{"id": "evt_x", "object": "event", "created": 1790000000, "type": "charge.succeeded",'
    body = f'{head} "api_version": "2025-03-31.basil", "data": {{"object": {inner}}}}}'.encode()
    with engine.database.system() as rows:
        arrival = Arrival(str(mine.tenant), "stripe", mine.id, "evt_x", body)
        rows.execute(APPEND, append_values([arrival]))
    engine.drain()
    found = engine.worker.warehouse().rows(
        "select 'charge' as t, id, version, is_deleted, origin, payload from raw.stripe_charge"
        " where workspace_id = {w:String} union all"
        " select 'event' as t, id, version, is_deleted, origin, payload from raw.stripe_event"
        " where workspace_id = {w:String}",
        {"w": str(mine.tenant)},
    )
    version = NOW * 1_000_000
    assert sorted(tuple(row.values()) for row in found) == [
        ("charge", "ch_1", version, 0, "webhook", inner),
        ("event", "evt_x", version, 0, "webhook", body.decode()),
    ]
    assert engine.latest(mine) == {"charge ch_1": (False, json.loads(inner))}


def test_poison_becomes_dead_letters_and_its_neighbours_go_on(engine):
    mine = engine.connect()
    poison = [
        b"not json", b"\xff", b"[]", b'{"id": "evt_0", "created": -5, "object": "event"}',
        b'{"id":"evt_9","created":1e300,"data":{"object":{"id":"a","object":"charge"}}}',
        b"[" * 5000,
        *(
            json.dumps(event(number, NOW, "customer.updated", body)).encode()
            for number, body in (
                (90, {"id": "x\0y", "object": "customer"}),
                (91, {"id": "in_1", "object": "invoice", "lines": 7}),
            )
        ),
    ]  # fmt: skip
    unstorable = event(92, NOW, "customer.updated", customer(8, name="a\0b"))
    engine.deliver(mine, event(1, NOW, "customer.updated", customer(1)), *poison, unstorable,
                   event(2, NOW, "customer.updated", customer(2)))  # fmt: skip
    engine.drain()
    assert set(engine.latest(mine)) == {"customer cus_1", "customer cus_2"}
    assert set(engine.landed(mine, "customer")) == {"cus_1", "cus_2", "cus_8"}
    causes = [(t["stage"], t["cause"], t["is_dead"]) for t in engine.tasks(mine)]
    assert sorted(causes) == [("postgres", "not_storable", True)] + [
        ("postgres", "unreadable_event", True)
    ] * len(poison)


def test_what_has_no_table_is_kept_as_an_event(engine):
    mine = engine.connect()
    thin = {"id": "evt_2", "object": "event", "created": NOW, "type": "v2.thin"}
    planet = {"id": "pl_1", "object": "planet"}
    engine.deliver(mine, event(1, NOW, "planet.discovered", planet), thin)
    engine.drain()
    assert engine.latest(mine) == {}
    assert set(engine.landed(mine, "event")) == {"evt_1", "evt_2"}
    assert engine.tasks(mine) == []


class Away:
    """A warehouse that does not answer, or refuses some rows."""

    def __init__(self, warehouse, refuses=None):
        self.warehouse, self.refuses = warehouse, refuses

    def rows(self, *asked):
        return self.warehouse.rows(*asked)

    def insert_arrow(self, table, rows):
        if self.refuses is None:
            raise EngineUnavailableError("nobody answers")
        if set(rows.column("id").to_pylist()) & self.refuses:
            raise WarehouseQueryError("Code: 27. DB::Exception: cannot parse")
        self.warehouse.insert_arrow(table, rows)


def test_while_clickhouse_is_away_postgres_goes_on_and_nothing_is_lost(engine):
    mine = engine.connect()
    real = engine.worker.warehouse()
    engine.worker._warehouse = Away(real)
    try:
        engine.deliver(mine, event(1, NOW, "customer.updated", customer(1)))
        while engine.apply("postgres"):
            pass
        for _ in range(3):
            with pytest.raises(EngineUnavailableError):
                engine.apply("clickhouse")
        assert set(engine.latest(mine)) == {"customer cus_1"}
    finally:
        engine.worker._warehouse = real
    assert engine.landed(mine, "event") == {}
    engine.drain()
    assert set(engine.landed(mine, "event")) == {"evt_1"}
    assert engine.tasks(mine) == []


def test_a_row_that_clickhouse_refuses_is_found_among_hundreds_and_tried_again(engine):
    mine = engine.connect()
    real = engine.worker.warehouse()
    engine.worker._warehouse = Away(real, {"cus_77"})
    try:
        engine.deliver(mine, *(
            event(n, NOW, "customer.updated", customer(n)) for n in range(200)))  # fmt: skip
        engine.drain()
        assert len(engine.landed(mine, "customer")) == 199
        assert len(engine.landed(mine, "event")) == 200
        (task,) = engine.tasks(mine)
        assert (task["stage"], task["cause"], task["attempts"]) == (
            "clickhouse", "warehouse_query_failed", 1,
        )  # fmt: skip
    finally:
        engine.worker._warehouse = real
    make_due(engine, mine)
    assert retry_due(engine.database, "clickhouse", real) == 1
    assert len(engine.landed(mine, "customer")) == 200
    assert engine.tasks(mine) == []


def make_due(engine, connection):
    with engine.database.system() as rows:
        rows.execute(
            "update event_tasks set next_attempt_at = now() where workspace_id = %s",
            [str(connection.tenant)],
        )


def test_a_tie_is_asked_for_again_until_the_provider_answers(engine):
    mine = engine.connect()
    provider = engine.provider
    provider.now, provider.objects = NOW + 5, {"/v1/customers/cus_1": customer(1, visits=2)}
    provider.status = 500
    engine.deliver(mine, *(event(n, NOW, "customer.updated", customer(1, visits=n))
                           for n in (1, 2)))  # fmt: skip
    try:
        engine.drain()
    finally:
        provider.status = 200
    (task,) = engine.tasks(mine)
    assert (task["stage"], task["cause"], task["is_dead"]) == (
        "refetch", "provider_unavailable", False,
    )  # fmt: skip
    make_due(engine, mine)
    engine.drain()
    assert engine.latest(mine) == {"customer cus_1": (False, customer(1, visits=2))}
    assert engine.landed(mine, "customer") == {"cus_1": customer(1, visits=2)}
    assert engine.tasks(mine) == []


def test_an_event_of_days_ago_changes_nothing(engine):
    mine = engine.connect()
    engine.deliver(mine, event(2, NOW, "customer.updated", customer(1, visits=2)))
    engine.drain()
    engine.deliver(mine, event(1, NOW - 300_000, "customer.updated", customer(1, visits=1)))
    engine.drain()
    assert engine.latest(mine) == {"customer cus_1": (False, customer(1, visits=2))}
    assert engine.landed(mine, "customer") == {"cus_1": customer(1, visits=2)}


def test_a_flood_of_one_workspace_leaves_room_for_another(engine):
    loud, quiet = engine.connect(), engine.connect()
    engine.deliver(loud, *(event(n, NOW, "a.b", {"id": f"p{n}", "object": "planet"})
                           for n in range(10_000)))  # fmt: skip
    engine.deliver(quiet, event(1, NOW, "customer.updated", customer(1)))
    first = {store: engine.apply(store) for store in ("postgres", "clickhouse")}
    assert max(first.values()) < 2_500
    assert set(engine.latest(quiet)) == {"customer cus_1"}
    assert set(engine.landed(quiet, "event")) == {"evt_1"}
    engine.drain()
    assert len(engine.landed(loud, "event")) == 10_000


def test_two_workers_share_the_work_and_apply_everything_once(engine):
    them = [engine.connect() for _ in range(6)]
    for connection in them:
        engine.deliver(connection, *(event(n, NOW + n, "customer.updated", customer(1, visits=n))
                                     for n in range(100)))  # fmt: skip
    with opened(engine.worker.settings, threading.Event()) as second:
        workers = (engine.worker, second)

        def work(worker, store):
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                if not apply_share(worker, store):
                    return

        threads = [
            threading.Thread(target=work, args=(worker, store))
            for worker in workers for store in ("postgres", "clickhouse")
        ]  # fmt: skip
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    engine.drain()
    for connection in them:
        assert engine.latest(connection) == {"customer cus_1": (False, customer(1, visits=99))}
        assert len(engine.landed(connection, "event")) == 100


def test_an_account_that_is_connected_later_gets_its_deliveries(engine):
    mine = engine.connect("quickbooks")
    body = json.dumps({"eventNotifications": [{"realmId": mine.provider_account_id}]}).encode()
    with engine.database.system() as rows:
        arrival = Arrival(str(mine.tenant), "quickbooks", "", new_id("raw"), body)
        rows.execute(APPEND, append_values([arrival]))
    engine.drain()
    (task,) = engine.tasks(mine)
    assert (task["cause"], task["is_dead"]) == ("unknown_connection", False)
    make_due(engine, mine)
    assert retry_due(engine.database, "postgres", None) == 1
    engine.drain()
    assert list(engine.landed(mine, "event").values()) == [json.loads(body)]
    assert engine.tasks(mine) == []


def test_pauses_grow_and_causes_end():
    now = utc_now()
    assert next_attempt("unreadable_event", 1, now) is None
    pauses = []
    for attempts in range(1, ATTEMPTS["provider_unavailable"]):
        due = next_attempt("provider_unavailable", attempts, now)
        assert due is not None
        pauses.append(due - now)
    assert timedelta(seconds=1) <= pauses[0] <= timedelta(seconds=2)
    assert all(pause <= timedelta(hours=1) for pause in pauses)
    assert timedelta(days=1.5) < sum(pauses, timedelta()) < timedelta(days=4)
    assert next_attempt("provider_unavailable", ATTEMPTS["provider_unavailable"], now) is None


def test_entries_are_forgotten_once_both_stores_have_them(engine):
    mine = engine.connect()
    engine.deliver(mine, event(1, NOW, "customer.updated", customer(1)), b"not json")
    later = utc_now() + tidying.KEPT + timedelta(minutes=1)
    while engine.apply("postgres"):
        pass
    while tidying.tidy(engine.database, later):  # a few at once; other tests left theirs
        pass
    assert count(engine, mine) == 2  # ClickHouse has not had them
    engine.drain()
    while tidying.tidy(engine.database, later):
        pass
    assert count(engine, mine) == 1  # the dead letter's


def count(engine, connection):
    with engine.database.system() as rows:
        query = "select count(*) as n from inbox where workspace_id = %s"
        return rows.execute(query, [str(connection.tenant)]).fetchone()["n"]


def test_the_worker_applies_by_itself_and_tells_its_figures(engine):
    mine, stop = engine.connect(), threading.Event()
    thread = threading.Thread(target=run_inbox, args=(engine.worker.settings, stop))
    thread.start()
    try:
        engine.deliver(mine, event(1, NOW, "customer.updated", customer(1)))
        deadline = time.monotonic() + 60
        while not (engine.latest(mine) and engine.landed(mine, "event")):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        stop.set()
        thread.join(60)
    assert not thread.is_alive()
    tell_figures(engine.database, utc_now())
    with engine.database.system() as rows:
        figures = {
            (row["name"], row["label"]): row["value"]
            for row in rows.execute("select name, label, value from engine_figures")
        }
    assert figures["inbox_pending", "postgres"] == figures["inbox_pending", "clickhouse"] == 0
    assert figures["inbox_applied_total", "clickhouse"] >= 1


def test_a_missing_engine_is_waited_for(engine, caplog):
    nowhere = SecretStr("http://default@127.0.0.1:1")
    settings = engine.worker.settings.model_copy(update={"clickhouse_url": nowhere})
    mine, stop = engine.connect(), threading.Event()
    thread = threading.Thread(target=run_inbox, args=(settings, stop))
    thread.start()
    try:
        engine.deliver(mine, event(1, NOW, "customer.updated", customer(1)))
        deadline = time.monotonic() + 60
        while not engine.latest(mine):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        stop.set()
        thread.join(60)
    assert not thread.is_alive()
    assert engine.landed(mine, "event") == {}
    engine.drain()
    assert set(engine.landed(mine, "event")) == {"evt_1"}


def test_a_refetcher_asks_fairly(engine):
    loud, quiet = engine.connect(), engine.connect()
    engine.provider.now, engine.provider.objects = NOW + 5, {}
    old = "2020-08-27"
    engine.deliver(loud, *(event(n, NOW, "customer.updated", customer(n), old) for n in range(100)))
    engine.deliver(quiet, event(1, NOW, "customer.updated", customer(1), old))
    while engine.apply("postgres"):
        pass
    refetcher = Refetcher(engine.worker.settings, engine.worker.database, engine.store)
    refetcher.turn()
    refetcher.close()
    assert engine.tasks(quiet) == []
    assert len(engine.tasks(loud)) == 84
    engine.drain()


def test_events_that_never_came_are_asked_for_and_applied(engine):
    """The tail hands them to the inbox; those that came by themselves are not added again.

    Of the days before the first look only what no endpoint took comes: the past is a backfill's.
    """
    now = int(time.time())
    events = [event(n, now, "customer.updated", customer(n)) for n in range(3)]
    events[2] |= {"created": now - 2 * 86_400, "pending_webhooks": 1}
    events.insert(2, event(9, now - 2 * 86_400 + 1, "customer.updated", customer(9)))
    with served(FakeStripe({"/v1/events": events[::-1]})) as url:
        mine = engine.connect(api_url=url)
        engine.deliver(mine, events[0])
        stop = threading.Event()
        settings = engine.worker.settings.model_copy(update={"poll_seconds": 0.5})
        thread = threading.Thread(target=run_tail, args=(settings, stop))
        thread.start()
        try:
            deadline = time.monotonic() + 60
            while count(engine, mine) < 3:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        finally:
            stop.set()
            thread.join(60)
    engine.drain()
    assert count(engine, mine) == 3
    assert set(engine.landed(mine, "event")) == {"evt_0", "evt_1", "evt_2"}
    assert set(engine.latest(mine)) == {"customer cus_0", "customer cus_1", "customer cus_2"}
