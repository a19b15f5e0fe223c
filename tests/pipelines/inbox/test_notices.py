"""Is a connection synced after its provider said that something changed, whoever dies between?"""

import json

import pytest

from core.clock import utc_now
from core.tenancy import new_id
from pipelines.inbox.notices import request_syncs
from tests.pipelines.inbox.conftest import KilledError


def changed(connection) -> bytes:
    notice = {"eventNotifications": [{"realmId": connection.provider_account_id, "n": new_id("n")}]}
    return json.dumps(notice).encode()


def apply(engine) -> None:
    while engine.apply("postgres"):
        pass


def syncs(engine, connection) -> list[str]:
    with engine.application.tenant(connection.tenant) as rows:
        found = rows.execute("select state from syncs order by requested_at, id").fetchall()
    return [row["state"] for row in found]


def notices(engine, connection) -> int:
    with engine.application.tenant(connection.tenant) as rows:
        return len(rows.execute("select 1 from sync_notices").fetchall())


def set_state(engine, connection, state: str) -> None:
    with engine.application.tenant(connection.tenant) as rows:
        rows.execute("update syncs set state = %s where state in ('queued', 'running')", [state])


def request(engine) -> int:
    return request_syncs(engine.database, engine.application)


def test_a_notice_outlives_its_worker_and_asks_for_one_sync(engine):
    mine = engine.connect("quickbooks")
    engine.deliver(mine, changed(mine), changed(mine))
    engine.database.dies = True
    with pytest.raises(KilledError):
        engine.apply("postgres")
    assert (notices(engine, mine), syncs(engine, mine)) == (0, [])
    apply(engine)
    assert (notices(engine, mine), syncs(engine, mine)) == (1, [])
    assert (request(engine), request(engine)) == (1, 0)
    assert (notices(engine, mine), syncs(engine, mine)) == (0, ["queued"])
    engine.drain()


def test_a_change_during_a_sync_is_synced_after_it(engine):
    mine = engine.connect("xero")
    engine.deliver(mine, changed(mine))
    apply(engine)
    request(engine)
    engine.deliver(mine, changed(mine))
    apply(engine)
    assert (request(engine), syncs(engine, mine)) == (1, ["queued"])  # it will see both
    set_state(engine, mine, "running")
    engine.deliver(mine, changed(mine))
    apply(engine)
    assert (request(engine), notices(engine, mine)) == (0, 1)
    set_state(engine, mine, "succeeded")
    assert (request(engine), syncs(engine, mine)) == (1, ["succeeded", "queued"])
    engine.drain()


def test_a_connection_that_was_deleted_is_not_synced(engine):
    mine = engine.connect("teller")
    engine.deliver(mine, changed(mine))
    apply(engine)
    with engine.application.tenant(mine.tenant) as rows:
        engine.store.revoke_within(rows, mine.tenant, mine.id, "gone at " + str(utc_now()))
    assert (request(engine), syncs(engine, mine), notices(engine, mine)) == (1, [], 0)
    engine.deliver(mine, changed(mine))
    engine.drain()
    assert notices(engine, mine) == 0
