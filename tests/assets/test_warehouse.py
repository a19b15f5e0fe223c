"""What assets and checks read from ClickHouse: sizes, previews without payloads, suites."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dagster import AssetCheckSeverity

from assets.checks import table_facts
from assets.expectation_batches import open_source
from assets.expectations import evaluate_results, validate
from assets.landings import Landing
from assets.stored import previews, table_sizes
from assets.suites import Field, Suite
from core.clock import epoch_microseconds
from core.connections import Connection
from core.settings import Settings
from core.tenancy import TenantId, new_id
from core.warehouse import Warehouse
from pipelines.ingest import prepare_warehouse
from pipelines.raw import COLUMNS, RawTable

LANDED_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
VERSION = epoch_microseconds(datetime(2026, 3, 1, tzinfo=UTC))
# Nobody else's tests write these two tables.
SOUND, UNSOUND = RawTable("stripe", "review"), RawTable("stripe", "issuing.settlement")


@pytest.fixture(scope="module")
def connection(engines: Settings) -> Connection:
    """Return a connection with two sound rows in one table and three odd ones in another."""
    prepare_warehouse(engines)
    found = Connection(TenantId(new_id("ws")), new_id("conn"), "stripe", "", "", "http://x", {})
    owner, now = (str(found.tenant), found.id), datetime(2026, 3, 1, 12, tzinfo=UTC)

    def row(name: str, version: int, origin: str, currency: str) -> tuple[object, ...]:
        payload = json.dumps({"currency": currency, "email": "someone@example.com"})
        return (*owner, name, version, 0, origin, now, payload)

    warehouse = Warehouse.connect(engines, pool_size=1)
    warehouse.insert_rows(
        SOUND.name,
        [row("prv_1", VERSION, "backfill", "usd"), row("prv_2", VERSION, "webhook", "jpy")],
        COLUMNS,
    )
    warehouse.insert_rows(
        UNSOUND.name,
        [
            row("", VERSION, "backfill", "usd"),
            row("b", 5, "guess", "eur"),
            row("c", VERSION, "poll", ""),
        ],
        COLUMNS,
    )
    warehouse.close()
    return found


@pytest.fixture
def rows_of(engines: Settings) -> Callable[..., RawTable]:
    """Return what fills a table of nobody else's: `(object, [(payload, is_deleted), …])`."""

    def fill(name: str, payloads: list[tuple[dict[str, Any], int]]) -> RawTable:
        table, workspace = RawTable("stripe", name), new_id("ws")
        warehouse = Warehouse.connect(engines, pool_size=1)
        warehouse.insert_rows(
            table.name,
            [
                (workspace, "conn_a", f"id_{n}", VERSION, gone, "poll", LANDED_AT, json.dumps(body))
                for n, (body, gone) in enumerate(payloads)
            ],
            COLUMNS,
        )
        warehouse.close()
        return table

    return fill


def test_table_facts_count_what_is_odd(engines: Settings, connection: Connection):
    warehouse = Warehouse.connect(engines, pool_size=1)
    facts = {
        row["object"]: row
        for row in table_facts(warehouse, "stripe", ["review", "issuing.settlement"])
    }
    warehouse.close()
    assert facts["issuing.settlement"] == {
        "object": "issuing.settlement", "rows": 3, "without_id": 1, "without_owner": 0,
        "of_unknown_origin": 1, "first_version": 5, "last_version": VERSION,
    }  # fmt: skip
    assert facts["review"]["rows"] == 2
    assert facts["review"]["of_unknown_origin"] == 0


def test_previews_show_identity_and_size_and_never_the_payload(
    engines: Settings, connection: Connection
):
    warehouse = Warehouse.connect(engines, pool_size=1)
    landed = [Landing("review", connection, 2), Landing("dispute", connection, 0)]
    shown = previews(warehouse, "stripe", landed)
    sizes = table_sizes(warehouse, [SOUND])
    warehouse.close()
    assert list(shown) == [("review", connection.key)]
    assert shown["review", connection.key].splitlines()[2:] == [
        "| prv_2 | 2026-03-01 00:00:00 | 0 | webhook | 51 |",
        "| prv_1 | 2026-03-01 00:00:00 | 0 | backfill | 51 |",
    ]
    assert sizes["stripe_review"].rows == 2
    assert sizes["stripe_review"].bytes > 0


CURRENCY = (Field("currency", "currency", ("currency",)),)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Great Expectations' own, at import
def test_expectations_pass_on_sound_rows_and_name_what_is_wrong(
    engines: Settings, connection: Connection
):
    source = open_source(engines)
    suite = Suite("review", CURRENCY, must_have_rows=True)
    sound = evaluate_results(validate(source, SOUND, suite, LANDED_AT))
    assert (sound.passed, sound.metadata["failed"].value) == (True, {})
    odd = evaluate_results(
        validate(source, UNSOUND, Suite("issuing.settlement", CURRENCY), LANDED_AT)
    )
    assert not odd.passed
    assert odd.severity == AssetCheckSeverity.ERROR
    assert odd.metadata["failed"].value == {
        "expect_column_values_to_not_be_in_set(id)": "1 of 3 rows",
        "expect_column_values_to_be_between(version)": "1 of 3 rows",
        "expect_column_values_to_be_in_set(origin)": "1 of 3 rows",
        "expect_column_value_lengths_to_equal(currency)": "1 of 3 rows",
    }


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_a_payload_must_hold_is_looked_at_and_a_tombstone_holds_nothing(
    engines: Settings, rows_of: Any
):
    fields = (
        Field("amount", "amount", ("money", "amount")), Field("on_day", "day", ("date",)),
        Field("made_on", "seconds", ("created",)), Field("dated_on", "json_date", ("Date",)),
        Field("name", "text", ("name",)),
    )  # fmt: skip
    good = {
        "money": {"amount": "-42.50"}, "date": "2026-03-01T08:00:00Z", "created": 1772323200,
        "Date": "/Date(1772323200000+0000)/", "name": "A",
    }  # fmt: skip
    bad = [
        good | {"money": {"amount": "about 12"}}, good | {"money": {"amount": 1e14}},
        good | {"date": "13/14/2026"}, good | {"date": "1889-03-01"}, good | {"created": "soon"},
        good | {"Date": "2026-03-01"}, good | {"name": ""}, {},
    ]  # fmt: skip
    table = rows_of("reporting.report_type", [(good, 0), ({"id": "gone"}, 1)])
    suite = Suite("reporting.report_type", fields)
    sound = evaluate_results(validate(open_source(engines), table, suite, LANDED_AT))
    assert sound.metadata["failed"].value == {}
    table = rows_of("reporting.report_run", [(payload, 0) for payload in bad])
    odd = evaluate_results(
        validate(open_source(engines), table, replace(suite, object=table.object), LANDED_AT)
    )
    assert odd.metadata["failed"].value == {
        "expect_column_values_to_not_be_null(amount)": "2 of 8 rows",
        "expect_column_values_to_be_between(amount)": "1 of 8 rows",
        "expect_column_values_to_not_be_null(on_day)": "2 of 8 rows",
        "expect_column_values_to_be_between(on_day)": "1 of 8 rows",
        "expect_column_values_to_not_be_null(made_on)": "2 of 8 rows",
        "expect_column_values_to_not_be_null(dated_on)": "2 of 8 rows",
        "expect_column_values_to_not_be_in_set(name)": "2 of 8 rows",
    }


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_table_that_nobody_reads_any_more_is_a_warning(engines: Settings, connection: Connection):
    suite, later = Suite("review", fresh_within=timedelta(days=2)), LANDED_AT + timedelta(days=3)

    def looked_at(now: datetime, **watched: bool) -> Any:
        return evaluate_results(validate(open_source(engines), SOUND, suite, now, **watched))

    assert looked_at(LANDED_AT, is_watched=True).passed
    assert looked_at(later).passed  # nobody is connected
    stale = looked_at(later, is_watched=True)
    assert (stale.passed, stale.severity) == (False, AssetCheckSeverity.WARN)
    assert stale.metadata["failed"].value == {
        "expect_column_max_to_be_between(seen_at)": "last on 2026-03-01"
    }
