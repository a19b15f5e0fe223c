"""Is a connection's data removed where that was asked, whole, and nobody else's with it?"""

import json
import threading
from datetime import timedelta

import pytest

from core.clock import utc_now
from core.connections import ConnectionStore
from core.database import Database
from core.erasure import erase_connection
from core.errors import InvalidInputError
from core.outbound import emit
from core.secrets import SecretBox
from core.warehouse import WarehouseQueryError
from serving.connections import erasing
from serving.connections.erasing import erase_due, run_erasing

RAW = [
    "workspace_id", "connection_id", "id", "version", "is_deleted", "origin", "extracted_at",
    "payload",
]  # fmt: skip


def connect(workspace, account):
    box = SecretBox.from_keys(workspace.settings.required("encryption_keys"))
    return ConnectionStore(workspace.database, box).connect(
        workspace.tenant, provider="stripe", name=account, provider_account_id=account,
        api_url="http://127.0.0.1:1", credentials={"api_key": "sk_test_1"},
    )  # fmt: skip


def land(workspace, connection_id):
    now = utc_now()
    raw = [str(workspace.tenant), connection_id, "ch_0", 1, 0, "poll", now, "{}"]
    workspace.warehouse.insert_rows("raw.stripe_charge", [raw], RAW)
    workspace.holds({"id": "ch_0", "connection_id": connection_id})


def held(workspace, connection_id):
    return [
        workspace.warehouse.rows(
            f"select count() as rows_held from {table} final"
            " where workspace_id = {workspace:String} and connection_id = {connection:String}",
            {"workspace": str(workspace.tenant), "connection": connection_id},
        )[0]["rows_held"]
        for table in ("raw.stripe_charge", "unified.transactions")
    ]


def delete(workspace, connection_id, query=""):
    return workspace.api.delete(
        f"/v1/connections/{connection_id}{query}", headers=workspace.headers()
    ).json()


@pytest.fixture
def system(engines):
    opened = Database.connect(engines, role="system", size=1)
    yield opened
    opened.close()


def test_only_the_connection_that_was_named_is_erased(workspace, new_workspace):
    other = new_workspace()
    mine, kept = connect(workspace, "acct_a").id, connect(workspace, "acct_b").id
    land(workspace, mine)
    land(workspace, kept)
    land(other, mine)  # another workspace's, under the same connection id
    erased = erase_connection(workspace.warehouse, workspace.tenant, mine)
    assert erased == {
        "raw.stripe_charge": 1,
        "unified.transactions": 1,
        "unified.transactions_by_time": 1,
    }
    assert [held(workspace, mine), held(workspace, kept), held(other, mine)] == [
        [0, 0], [1, 1], [1, 1],
    ]  # fmt: skip
    assert erase_connection(workspace.warehouse, workspace.tenant, mine) == {}
    with pytest.raises(InvalidInputError):
        erase_connection(workspace.warehouse, workspace.tenant, "conn_x' or '1'='1")


def test_a_deletion_keeps_the_data_unless_it_says_otherwise(workspace, engines, system):
    now = utc_now()
    plain, gone = connect(workspace, "acct_a").id, connect(workspace, "acct_b").id
    for connection_id in (plain, gone):
        land(workspace, connection_id)
    assert delete(workspace, plain)["data"] == "kept"
    assert delete(workspace, gone, "?erase=true")["data"] == "erasing"
    erase_due(engines, system, workspace.database, now=now + timedelta(minutes=1))
    assert [held(workspace, plain), held(workspace, gone)] == [[1, 1], [0, 0]]
    shown = workspace.get(f"/v1/connections/{gone}").json()
    assert (shown["status"], shown["data"]) == ("revoked", "erasing")

    land(workspace, gone)  # a run that had begun before
    erase_due(engines, system, workspace.database, now=now + timedelta(minutes=12))
    assert held(workspace, gone) == [0, 0]
    assert workspace.get(f"/v1/connections/{gone}").json()["data"] == "erasing"
    erase_due(engines, system, workspace.database, now=now + timedelta(minutes=24))
    assert workspace.get(f"/v1/connections/{gone}").json()["data"] == "erased"
    assert delete(workspace, plain, "?erase=true")["data"] == "erasing"  # asked for later
    actions = [entry["action"] for entry in workspace.get("/v1/audit_log").json()["data"]]
    assert actions.count("connection.erasure_requested") == 2


def test_what_was_told_of_a_connection_goes_with_it(workspace, engines, system):
    """Events are shown in the log of deliveries, and redelivered, as long as they are kept."""
    endpoint = workspace.api.post(
        "/v1/webhook_endpoints", headers=workspace.headers(),
        json={"url": "https://93.184.215.14/hooks", "event_types": ["recovery.step_reached"]},
    ).json()["id"]  # fmt: skip
    gone, kept = connect(workspace, "acct_a").id, connect(workspace, "acct_b").id
    for connection_id in (gone, kept):
        data = {"connection_id": connection_id, "amount_minor": 4900}
        with system.system() as rows:
            emit(
                rows, str(workspace.tenant), "recovery.step_reached", connection_id, data, utc_now()
            )

    def told():
        found = workspace.get(f"/v1/webhook_endpoints/{endpoint}/deliveries").json()["data"]
        return {json.loads(one["body"])["data"]["connection_id"] for one in found}

    assert told() == {gone, kept}
    delete(workspace, gone, "?erase=true")
    erase_due(engines, system, workspace.database, now=utc_now() + timedelta(minutes=1))
    assert told() == {kept}
    erase_due(engines, system, workspace.database, now=utc_now() + timedelta(minutes=12))
    (entry,) = workspace.get("/v1/audit_log", action="connection.erased").json()["data"]
    assert (entry["target"], entry["actor"]) == (
        gone, {"kind": "system", "id": "worker", "name": "worker"},
    )  # fmt: skip


def test_an_erased_account_is_connected_anew_and_the_erasing_goes_on(workspace, engines, system):
    gone = connect(workspace, "acct_a").id
    land(workspace, gone)
    delete(workspace, gone, "?erase=true")
    again = connect(workspace, "acct_a").id
    assert again != gone  # whose cursors and rows it must not take over
    assert connect(workspace, "acct_a").id == again
    land(workspace, again)
    for minutes in (1, 12, 24):
        erase_due(engines, system, workspace.database, now=utc_now() + timedelta(minutes=minutes))
    assert [held(workspace, gone), held(workspace, again)] == [[0, 0], [1, 1]]
    shown = {one["id"]: one["data"] for one in workspace.get("/v1/connections").json()["data"]}
    assert shown == {gone: "erased", again: "kept"}
    assert delete(workspace, again)["data"] == "kept"
    assert connect(workspace, "acct_a").id == again  # kept, so renewed


def test_one_that_cannot_be_erased_holds_up_no_other(workspace, engines, system, monkeypatch):
    ids = [connect(workspace, account).id for account in ("acct_a", "acct_b")]
    for connection_id in ids:
        land(workspace, connection_id)
        delete(workspace, connection_id, "?erase=true")

    def failing(warehouse, tenant, connection_id):
        if connection_id == ids[0]:
            raise WarehouseQueryError("too large")
        return erase_connection(warehouse, tenant, connection_id)

    monkeypatch.setattr(erasing, "erase_connection", failing)
    erase_due(engines, system, workspace.database, now=utc_now() + timedelta(minutes=1))
    assert [held(workspace, one) for one in ids] == [[1, 1], [0, 0]]


def test_the_workers_loop_erases_and_stops(workspace, engines, monkeypatch):
    monkeypatch.setattr(erasing, "LOOK_SECONDS", 0.05)
    connection_id = connect(workspace, "acct_a").id
    land(workspace, connection_id)
    delete(workspace, connection_id, "?erase=true")
    stop = threading.Event()
    thread = threading.Thread(target=run_erasing, args=(engines, stop))
    thread.start()
    while held(workspace, connection_id) != [0, 0]:
        assert thread.is_alive()
    stop.set()
    thread.join(60)
    assert not thread.is_alive()
