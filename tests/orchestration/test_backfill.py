"""Backfills through Dagster, against the sandbox: whose partitions land, whose fail, what stays."""

from datetime import UTC, datetime
from typing import Any

import stripe
from dagster import AssetKey, DagsterInstance, DagsterRunStatus

from assets.landings import GONE
from core.clock import epoch_microseconds
from core.connections import Connection, ConnectionStore
from core.secrets import SecretBox, generate_key
from core.settings import Settings
from core.warehouse import Warehouse
from orchestration.runs import run_backfill, run_incremental, run_repair
from pipelines.raw import COLUMNS

CUSTOMERS = AssetKey(["raw", "stripe_customer"])
_HELD = """
select id, cityHash64(payload) as digest from raw.stripe_customer final
where workspace_id = {workspace:String} and connection_id = {connection:String}
"""


def held(settings: Settings, connection: Connection) -> dict[str, int]:
    """Return the customers that the warehouse holds of a connection, with a digest of each."""
    warehouse = Warehouse.connect(settings, pool_size=1)
    try:
        rows = warehouse.rows(
            _HELD, {"workspace": str(connection.tenant), "connection": connection.id}
        )
    finally:
        warehouse.close()
    return {row["id"]: row["digest"] for row in rows}


def listed(connection: Connection, **filters: Any) -> set[str]:
    """Return the customers that Stripe's own client lists."""
    client = stripe.StripeClient(
        connection.credentials["api_key"], base_addresses={"api": connection.api_url}
    )
    pages = client.v1.customers.list({"limit": 100, **filters})
    return {customer.id for customer in pages.auto_paging_iter()}


def test_one_run_lands_many_connections_and_a_bad_key_fails_its_partition_alone(
    engines: Settings, workspace: Any, instance: DagsterInstance
):
    first_key, second_key = workspace.sandbox.keys
    first = workspace.connect("acct_first", first_key)
    bad = workspace.connect("acct_bad", "sk_test_nobody_has_this")
    gone = workspace.connect("acct_gone", first_key)
    second = workspace.connect("acct_second", second_key)
    with workspace.store.database.tenant(workspace.tenant) as rows:
        workspace.store.revoke_within(rows, workspace.tenant, gone.id, "Deleted meanwhile.")

    outcome = run_backfill(
        engines, [first, bad, gone, second], objects=["customer", "coupon"], instance=instance
    )

    assert [run.status for run in instance.get_runs()] == [DagsterRunStatus.FAILURE]
    assert outcome.run_ids == (instance.get_runs()[0].run_id,)
    assert set(outcome.failed_connections) == {bad.key, gone.key}
    assert outcome.failed_connections[gone.key] == GONE
    assert outcome.failed_connections[bad.key].startswith("Invalid API Key provided")
    assert "nobody_has_this" not in outcome.failed_connections[bad.key]
    assert set(held(engines, first)) == listed(first)
    assert set(held(engines, second)) == listed(second)
    assert outcome.rows["raw.stripe_customer"] == len(listed(first)) + len(listed(second))
    assert instance.get_materialized_partitions(CUSTOMERS) == {first.key, second.key}
    storage = instance.event_log_storage
    planned = storage.get_latest_asset_partition_materialization_attempts_without_materializations(
        CUSTOMERS
    )
    assert set(planned) == {bad.key, gone.key}, (
        "Dagster shows a planned partition of a failed run as failed"
    )
    stored = {found.id: found for found in workspace.store.of(workspace.tenant)}
    assert stored[first.id].status == stored[second.id].status == "active"
    assert stored[bad.id].status == "reconsent_required"
    assert stored[bad.id].status_reason == outcome.failed_connections[bad.key]
    assert stored[bad.id].last_synced_at is None
    assert stored[first.id].last_synced_at is not None


def test_a_second_run_and_a_sync_change_nothing(
    engines: Settings, workspace: Any, instance: DagsterInstance
):
    connection = workspace.connect("acct_again", workspace.sandbox.api_key)
    first = run_backfill(engines, [connection], objects=["customer"], instance=instance)
    before = held(engines, connection)
    second = run_backfill(engines, [connection], objects=["customer"], instance=instance)
    synced = run_incremental(engines, "stripe", connections=[connection], instance=instance)

    assert (first.success, second.success, synced.success) == (True, True, True)
    assert before.keys() == listed(connection)
    assert held(engines, connection) == before
    assert instance.get_dynamic_partitions("stripe_connections") == [connection.key]
    assert instance.get_materialized_partitions(CUSTOMERS) == {connection.key}


def test_a_window_lands_what_was_created_in_it_and_says_how_far_it_is(
    engines: Settings, workspace: Any, instance: DagsterInstance
):
    connection = workspace.connect("acct_window", workspace.sandbox.api_key)
    heard: list[int] = []
    outcome = run_backfill(
        engines,
        [connection],
        since="2026-01-01",
        until="2026-04-01T00:00:00Z",
        objects=["customer"],
        on_progress=lambda rows: heard.append(rows.get("customer", 0)),
        instance=instance,
    )
    low = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
    high = int(datetime(2026, 4, 1, tzinfo=UTC).timestamp())
    expected = listed(connection, created={"gte": low, "lt": high})
    assert expected, "the company wins customers in every quarter"
    assert held(engines, connection).keys() == expected
    assert outcome.rows == {"raw.stripe_customer": len(expected)}
    assert heard[-1] == len(expected)


def test_an_unknown_object_fails_once_and_says_so(
    engines: Settings, workspace: Any, instance: DagsterInstance
):
    connection = workspace.connect("acct_unknown", workspace.sandbox.api_key)
    outcome = run_backfill(engines, [connection], objects=["unicorn"], instance=instance)
    assert not outcome.success
    assert outcome.error.startswith("Stripe has no object 'unicorn'.")
    assert outcome.failed_connections == {}


def test_a_lost_key_costs_its_connection_alone_until_the_key_is_back(
    engines: Settings, workspace: Any, instance: DagsterInstance
):
    good = workspace.connect("acct_good", workspace.sandbox.api_key)
    readable = workspace.store
    other = ConnectionStore(readable.database, SecretBox.from_keys(generate_key()))
    lost = other.connect(
        workspace.tenant, provider="stripe", name="lost", provider_account_id="acct_lost",
        api_url=workspace.sandbox.url, credentials={"api_key": workspace.sandbox.api_key},
    )  # fmt: skip
    both = [good, lost]
    outcome = run_backfill(engines, both, objects=["coupon"], instance=instance)
    assert set(outcome.failed_connections) == {lost.key}
    assert "sealed with a key that is not configured" in outcome.failed_connections[lost.key]
    assert outcome.rows["raw.stripe_coupon"] > 0
    stored = {found.id: (found.status, found.status_reason) for found in readable.of(good.tenant)}
    assert stored[good.id] == ("active", "")
    assert stored[lost.id] == ("degraded", outcome.failed_connections[lost.key])
    again = connect_again(workspace, lost)
    assert run_backfill(engines, [again], objects=["coupon"], instance=instance).success


def connect_again(workspace: Any, connection: Connection) -> Connection:
    return workspace.connect(connection.provider_account_id, workspace.sandbox.api_key)


def test_a_repair_lands_what_is_missing_and_buries_what_the_provider_does_not_know(
    engines: Settings, workspace: Any, instance: DagsterInstance
):
    connection = workspace.connect("acct_repair", workspace.sandbox.api_key)
    created = datetime(2026, 5, 15, tzinfo=UTC)
    payload = f'{{"id": "cus_gone", "object": "customer", "created": {int(created.timestamp())}}}'
    row = (str(connection.tenant), connection.id, "cus_gone", epoch_microseconds(created), 0,
           "backfill", created, payload)  # fmt: skip
    warehouse = Warehouse.connect(engines, pool_size=1)
    warehouse.insert_rows("raw.stripe_customer", [row], COLUMNS)
    warehouse.close()
    span = {"since": "2026-05-01", "until": "2026-06-01", "objects": ["customer"]}
    outcome = run_repair(engines, "stripe", **span, connections=[connection], instance=instance)
    low, high = (int(datetime(2026, m, 1, tzinfo=UTC).timestamp()) for m in (5, 6))
    expected = listed(connection, created={"gte": low, "lt": high})
    assert outcome.success, outcome.failed_connections
    assert held(engines, connection).keys() == expected
    assert outcome.rows == {"raw.stripe_customer": len(expected) + 1}
    again = run_repair(engines, "stripe", **span, connections=[connection], instance=instance)
    assert (again.success, again.rows) == (True, {})
