"""What does a run of a mart leave to the next one? All that landed after it began."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from core.settings import Settings
from core.warehouse import Warehouse
from tests.dbt.conftest import KEYS_PER_SLICE

WORKSPACE = "ws_during"
# What lands beside a run is stamped long after it is there, however slowly that is: what a run does
# not see is later than its beginning.
STAMPED_AFTER = 600_000
LAND = (
    "insert into unified.invoices"
    " (workspace_id, connection_id, id, status, version, extracted_at, landed_at)"
    " select {workspace:String}, 'conn_test', concat('in_', toString(number)), 'draft', 1,"
    " now64(3, 'UTC'), now64(3, 'UTC') + toIntervalMillisecond({after:UInt32})"
    " from numbers({first:UInt64}, {count:UInt64})"
)
MANY = 3 * KEYS_PER_SLICE


def land(warehouse: Warehouse, first: int, count: int, after: int = 0) -> None:
    asked = {"workspace": WORKSPACE, "first": first, "count": count, "after": after}
    warehouse.command(LAND, asked)


@contextmanager
def landing(clickhouse: Settings) -> Iterator[None]:
    """Rows land all the while, one after the other."""
    done = threading.Event()

    def run() -> None:
        warehouse = Warehouse.connect(clickhouse)
        number = MANY
        # More than a few, also where each takes long.
        while not done.wait(0.01) or number <= MANY + 20:
            land(warehouse, number, 1, STAMPED_AFTER)
            number += 1
        warehouse.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@pytest.fixture(scope="module")
def runs(built: Warehouse, clickhouse: Settings, dbt: Any) -> Warehouse:
    """A run in several slices while rows land, and one after it."""
    dbt("run", "--select", "fct_invoices")
    land(built, 0, MANY)
    with landing(clickhouse):
        dbt("run", "--select", "fct_invoices")
    dbt("run", "--select", "fct_invoices")
    return built


def test_what_lands_while_a_run_is_under_way_is_found_by_the_next(runs: Warehouse) -> None:
    ids = (
        "select arraySort(groupArray({id})) as ids from {table} final"
        " where workspace_id = {{w:String}}"
    )
    landed, told = (
        runs.rows(ids.format(table=table, id=name), {"w": WORKSPACE})[0]["ids"]
        for table, name in (("unified.invoices", "id"), ("marts.fct_invoices", "invoice_id"))
    )
    assert len(landed) > MANY + 20
    assert told == landed


def test_all_slices_of_a_run_bear_the_time_at_which_it_began(runs: Warehouse) -> None:
    rows = runs.rows(
        "select uniqExact(computed_at) as times, uniqExact(version) as statements"
        " from marts.fct_invoices where workspace_id = {w:String} and invoice_id in"
        " (select concat('in_', toString(number)) from numbers({many:UInt64}))",
        {"w": WORKSPACE, "many": MANY},
    )
    assert rows[0]["times"] == 1
    assert rows[0]["statements"] >= 3


def test_a_run_of_one_slice_is_one_block(runs: Warehouse, dbt: Any) -> None:
    """A reader sees all rows of a run or none: 40,000 invoices are there at once, as one part."""
    blocks = (
        "select max(max_block_number) as newest from system.parts where active"
        " and database = 'marts' and table = 'fct_invoices'"
    )
    land(runs, 0, 40_000)
    before = runs.rows(blocks)[0]["newest"]
    dbt("run", "--select", "fct_invoices", variables="{}")
    assert runs.rows(blocks)[0]["newest"] == before + 1


def test_a_column_that_a_release_adds_is_there_after_a_run(runs: Warehouse, dbt: Any) -> None:
    runs.command("alter table marts.fct_invoices drop column billing_reason")
    land(runs, 0, 1)
    dbt("run", "--select", "fct_invoices")
    rows = runs.rows(
        "select count() as rows, countIf(billing_reason = '') as unsaid from marts.fct_invoices"
        " final where workspace_id = {w:String}",
        {"w": WORKSPACE},
    )
    assert rows[0]["rows"] == rows[0]["unsaid"] > MANY
    # What else was there, for the others; and nothing for their runs to do with all these invoices.
    runs.command(f"delete from unified.invoices where workspace_id = '{WORKSPACE}'")
    dbt("run", "--full-refresh", "--select", "fct_invoices")


LEASE = "marts.run__lease_0badcafe"
IMPATIENT = '{{"lease_wait_seconds": 1, "lease_seconds": {}}}'


@pytest.fixture
def other_run(built: Warehouse) -> Iterator[None]:
    """Another run of the marts is under way."""
    built.command(f"create table {LEASE} (held UInt8) engine = Memory")
    yield
    built.command(f"drop table {LEASE} sync")


@pytest.mark.usefixtures("other_run")
def test_a_run_of_the_marts_waits_for_another_and_leaves_nothing(
    built: Warehouse, dbt: Any
) -> None:
    with pytest.raises(AssertionError, match="Another run of the marts is under way"):
        dbt("run", "--select", "fct_invoices", variables=IMPATIENT.format(300))
    leases = "select name from system.tables where name like 'run__lease_%'"
    assert [f"marts.{row['name']}" for row in built.rows(leases)] == [LEASE]
    # What reads no mart does not wait; nor does anything for a run that was killed.
    dbt("run", "--select", "stg_stripe__coupons", variables=IMPATIENT.format(300))
    time.sleep(2.1)
    dbt("run", "--select", "fct_invoices", variables=IMPATIENT.format(1))
    assert [f"marts.{row['name']}" for row in built.rows(leases)] == [LEASE]
