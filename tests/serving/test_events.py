"""Can everything that a provider said be read and replayed, and every failure seen and retried?"""

import json
from datetime import UTC, datetime

import pytest

from core.database import Database
from core.inbox import APPEND, Arrival, append_values
from core.tenancy import new_id
from serving.connections.erasing import erase_from_postgres

FIRST = datetime(2024, 5, 1, 12, tzinfo=UTC)
SECOND = 1_000_000
COLUMNS = [
    "workspace_id", "connection_id", "id", "version", "is_deleted", "origin", "extracted_at",
    "payload",
]  # fmt: skip


@pytest.fixture(scope="module")
def system(engines):
    opened = Database.connect(engines, role="system", size=2)
    yield opened
    opened.close()


def body(number, kind, customer, **fields) -> str:
    shown = {"id": customer, "object": "customer", **fields}
    return json.dumps({"id": f"evt_{number}", "type": kind, "data": {"object": shown}})


def say(workspace, *events):
    """Put events into the warehouse, one a minute: (type, customer, fields)."""
    start = int(FIRST.timestamp())
    rows = [
        [str(workspace.tenant), "conn_a", f"evt_{n}", (start + 60 * n) * SECOND, 0, "webhook",
         FIRST, body(n, kind, customer, **fields)]
        for n, (kind, customer, fields) in enumerate(events)
    ]  # fmt: skip
    workspace.warehouse.insert_rows("raw.stripe_event", rows, COLUMNS)


def post(workspace, path, **request):
    return workspace.api.post(f"/v1/{path}", json=request, headers=workspace.headers())


CHANGES = [
    ("customer.created", "cus_1", {"balance": 1}),
    ("customer.updated", "cus_1", {"balance": 2}),
    ("customer.created", "cus_2", {"balance": 5}),
    ("customer.deleted", "cus_2", {}),
    ("customer.updated", "cus_1", {"balance": 3}),
]


def test_events_are_listed_newest_first_page_by_page_and_filtered(workspace):
    say(workspace, *CHANGES)
    first = workspace.get("/v1/events", limit=2).json()
    assert [one["id"] for one in first["data"]] == ["evt_4", "evt_3"]
    assert first["data"][0] == {
        "id": "evt_4", "provider": "stripe", "connection_id": "conn_a",
        "type": "customer.updated", "object_id": "cus_1", "origin": "webhook",
        "occurred_at": "2024-05-01T12:04:00Z", "received_at": "2024-05-01T12:00:00Z",
    }  # fmt: skip
    rest = workspace.get("/v1/events", limit=2, cursor=first["next_cursor"]).json()
    assert [one["id"] for one in rest["data"]] == ["evt_2", "evt_1"]
    found = workspace.get("/v1/events", object_id="cus_2", type="customer.created").json()
    assert [one["id"] for one in found["data"]] == ["evt_2"]
    span = {"since": "2024-05-01T12:01:00Z", "until": "2024-05-01T12:03:00Z"}
    assert [one["id"] for one in workspace.get("/v1/events", **span).json()["data"]] == [
        "evt_2", "evt_1",
    ]  # fmt: skip
    assert workspace.get("/v1/events", provider="plaid").json()["data"] == []
    shown = workspace.get("/v1/events/evt_1").json()
    assert shown["payload"] == body(1, "customer.updated", "cus_1", balance=2)
    assert workspace.get("/v1/events/evt_99").status_code == 404


def test_a_dry_run_only_counts(workspace, system):
    say(workspace, *CHANGES)
    told = post(workspace, "events/replay", dry_run=True, until="2024-05-01T12:04:00Z").json()
    assert told == {
        "id": None, "provider": "stripe", "target": "in_place", "dry_run": True, "events": 4,
        "objects": 4, "by_type": [
            {"type": "customer.created", "events": 2, "objects": 2},
            {"type": "customer.deleted", "events": 1, "objects": 1},
            {"type": "customer.updated", "events": 1, "objects": 1},
        ],
    }  # fmt: skip
    assert inbox(system, workspace) == []


def inbox(system, workspace):
    with system.system() as rows:
        found = rows.execute(
            "select event_id, origin, payload from inbox where workspace_id = %s order by position",
            [str(workspace.tenant)],
        ).fetchall()
    return [(row["event_id"].partition("#")[0], row["origin"], row["payload"]) for row in found]


def test_a_replay_in_place_goes_through_the_inbox_again(workspace, system):
    say(workspace, *CHANGES)
    told = post(workspace, "events/replay", types=["customer.updated"])
    assert (told.status_code, told.json()["events"]) == (202, 2)
    assert inbox(system, workspace) == [
        (f"evt_{n}", "replay", body(n, "customer.updated", "cus_1", balance=n // 2 + 1 + n % 2)
         .encode()) for n in (1, 4)
    ]  # fmt: skip


def test_a_shadow_shows_the_past_and_nobody_elses(new_workspace):
    workspace, other = new_workspace(), new_workspace()
    say(workspace, *CHANGES)
    told = post(workspace, "events/replay", target="shadow", until="2024-05-01T12:04:00Z").json()
    path = f"/v1/events/replays/{told['id']}/objects"
    page = workspace.get(path, limit=1).json()
    assert page["data"] == [
        {
            "connection_id": "conn_a", "object": "customer", "id": "cus_1",
            "state_at": "2024-05-01T12:01:00Z", "is_deleted": False,
            "payload": json.dumps({"id": "cus_1", "object": "customer", "balance": 2}),
        }
    ]  # fmt: skip
    (rest,) = workspace.get(path, cursor=page["next_cursor"]).json()["data"]
    assert (rest["id"], rest["is_deleted"]) == ("cus_2", True)
    assert other.get(path).status_code == 404


def fail(workspace, system, cause, payload=b'{"id": "evt_1"}', *, is_dead=True):
    name = new_id("evt")
    with system.system() as rows:
        arrival = Arrival(str(workspace.tenant), "stripe", "conn_a", name, payload)
        rows.execute(APPEND, append_values([arrival]))
        rows.execute(
            "insert into event_tasks (workspace_id, id, stage, subject, position, provider,"
            " connection_id, cause, detail, attempts, created_at, failed_at, next_attempt_at)"
            " select workspace_id, %s, 'postgres', position::text, position, 'stripe', 'conn_a',"
            " %s, 'why', 3, now(), now(), case when %s then null else now() + interval '1 h' end"
            " from inbox where workspace_id = %s and event_id = %s",
            [f"dead_{name}", cause, is_dead, str(workspace.tenant), name],
        )
    return f"dead_{name}", name


def test_dead_letters_say_why_and_are_tried_again(workspace, system):
    one, event_id = fail(workspace, system, "not_storable")
    odd, _ = fail(workspace, system, "unreadable_event", b"\xff")
    fail(workspace, system, "provider_unavailable", is_dead=False)
    (dead,) = workspace.get("/v1/dead_letters", cause="not_storable").json()["data"]
    assert {name: dead[name] for name in dead if not name.endswith("_at")} == {
        "id": one, "provider": "stripe", "connection_id": "conn_a", "event_id": event_id,
        "state": "dead", "stage": "postgres", "cause": "not_storable", "detail": "why",
        "attempts": 3, "payload": '{"id": "evt_1"}', "payload_base64": None,
    }  # fmt: skip
    listed = workspace.get("/v1/dead_letters").json()["data"]
    assert sorted((x["cause"], x["state"]) for x in listed) == [
        ("not_storable", "dead"), ("provider_unavailable", "retrying"),
        ("unreadable_event", "dead"),
    ]  # fmt: skip
    assert next(x for x in listed if x["id"] == odd)["payload_base64"] == "/w=="
    again = post(workspace, f"dead_letters/{one}/retry")
    assert (again.status_code, again.json()["state"], again.json()["attempts"]) == (
        202, "retrying", 0,
    )  # fmt: skip
    assert post(workspace, "dead_letters/dead_none/retry").status_code == 404
    assert post(workspace, "dead_letters/retry", cause="unreadable_event").json() == {"retried": 1}
    assert workspace.get("/v1/dead_letters", state="dead").json()["data"] == []


def test_dead_letters_of_others_are_neither_seen_nor_retried(new_workspace, system):
    mine, theirs = new_workspace(), new_workspace()
    foreign, _ = fail(theirs, system, "not_storable")
    assert mine.get("/v1/dead_letters").json()["data"] == []
    assert post(mine, f"dead_letters/{foreign}/retry").status_code == 404
    assert post(mine, "dead_letters/retry", cause="not_storable").json() == {"retried": 0}
    assert theirs.get("/v1/dead_letters", state="dead").json()["data"][0]["id"] == foreign


def test_what_is_held_of_an_erased_connection_goes_with_it(workspace, system):
    for connection in ("conn_a", "conn_b"):
        with system.system() as rows:
            arrival = Arrival(str(workspace.tenant), "stripe", connection, "evt_1", b"{}")
            rows.execute(APPEND, append_values([arrival]))
            rows.execute(
                "insert into latest_objects values (%s, %s, 'charge', 'ch_1', 1, '', false, '{}',"
                " now())",
                [str(workspace.tenant), connection],
            )
    assert erase_from_postgres(system, workspace.tenant, "conn_a") == {
        "inbox": 1, "latest_objects": 1,
    }  # fmt: skip
    with system.system() as rows:
        for table in ("inbox", "latest_objects"):
            query = f"select connection_id from {table} where workspace_id = %s"
            found = rows.execute(query, [str(workspace.tenant)]).fetchall()
            assert [row["connection_id"] for row in found] == ["conn_b"]


def test_completeness_tells_the_audits_verdicts(workspace):
    columns = [
        "workspace_id", "connection_id", "object", "created_on", "provider_count",
        "provider_hash", "warehouse_count", "warehouse_hash", "is_complete", "audited_at",
    ]  # fmt: skip
    days = [datetime(2024, 5, day, tzinfo=UTC).date() for day in (1, 2)]
    workspace.warehouse.insert_rows(
        "raw.completeness",
        [[str(workspace.tenant), "conn_a", "charge", day, 5, 1, 5 - n, 1, n == 0, FIRST]
         for n, day in enumerate(days)],
        columns,
    )  # fmt: skip
    found = workspace.get("/v1/sync/completeness").json()["data"]
    assert [(x["created_on"], x["warehouse_count"], x["is_complete"]) for x in found] == [
        ("2024-05-02", 4, False), ("2024-05-01", 5, True),
    ]  # fmt: skip
    gaps = workspace.get("/v1/sync/completeness", only_gaps=True).json()["data"]
    assert [x["created_on"] for x in gaps] == ["2024-05-02"]
    page = workspace.get("/v1/sync/completeness", limit=1).json()
    rest = workspace.get("/v1/sync/completeness", cursor=page["next_cursor"]).json()
    assert [x["created_on"] for x in rest["data"]] == ["2024-05-01"]
