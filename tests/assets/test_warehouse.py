"""What assets and checks read from ClickHouse: sizes, previews without payloads, suites."""

import json
from datetime import UTC, datetime

import pytest

from assets.checks import table_facts
from assets.expectations import Suite, evaluate_results, open_source, validate
from assets.landings import Landing
from assets.stored import previews, table_sizes
from core.clock import epoch_microseconds
from core.connections import Connection
from core.settings import Settings
from core.tenancy import TenantId, new_id
from core.warehouse import Warehouse
from pipelines.ingest import prepare_warehouse
from pipelines.raw import COLUMNS, RawTable

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


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Great Expectations' own, at import
def test_expectations_pass_on_sound_rows_and_name_what_is_wrong(
    engines: Settings, connection: Connection
):
    source = open_source(engines)
    sound = evaluate_results(validate(source, SOUND, Suite("review", must_have_rows=True), VERSION))
    assert (sound.passed, sound.metadata["failed"].value) == (True, {})
    odd = evaluate_results(validate(source, UNSOUND, Suite("issuing.settlement"), VERSION))
    assert not odd.passed
    assert odd.metadata["failed"].value == {
        "expect_column_values_to_not_be_in_set(id)": "1 of 3 rows",
        "expect_column_values_to_be_between(version)": "1 of 3 rows",
        "expect_column_values_to_be_in_set(origin)": "1 of 3 rows",
        "expect_column_value_lengths_to_equal(currency)": "1 of 3 rows",
    }
