"""Does an audit by a second listing name what is missing, of every provider that has one?"""

from datetime import date, datetime
from importlib import import_module
from typing import Any

import pytest

from core.connections import Connection
from core.settings import Settings
from core.tenancy import TenantId, new_id
from core.warehouse import Warehouse
from oppulence.sandbox_applications import with_sandbox_applications
from pipelines.ingest import backfill
from pipelines.raw import COLUMNS, RawTable
from pipelines.registry import AUDITED
from pipelines.relisting import day_in
from sandbox.plaid import ACCESS_TOKEN
from tests.pipelines.movable_bank import Bank, movable_bank

NOW = datetime.fromisoformat("2026-11-18T12:00:00+00:00")
SINCE, UNTIL = date(2026, 11, 1), date(2026, 11, 15)


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory):
    with movable_bank(tmp_path_factory.mktemp("relisting")) as found:
        found.move_to(NOW)
        yield found


def linked(provider: str, url: str) -> Connection:
    """Return a connection as consent would have made it, without a store behind it."""
    held = {
        "plaid": {"access_token": ACCESS_TOKEN},
        "teller": {"access_token": "test_token_cascade"},
    }
    return Connection(
        TenantId(new_id("ws")), new_id("conn"), provider, "Bank", "item", f"{url}/{provider}",
        held[provider],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("provider", "name", "payload"),
    [
        ("plaid", "transaction", '{"date": "2026-11-03"}'),
        ("teller", "transaction", '{"transaction": {"date": "2026-11-03"}}'),
    ],
)
def test_an_audit_names_the_day_of_what_is_missing_and_of_what_is_too_much(
    fresh: Settings, warehouse: Warehouse, bank: Bank, provider: str, name: str, payload: str
):
    port = int(bank.sandbox.url.rsplit(":", 1)[1])
    settings = with_sandbox_applications(fresh.model_copy(update={"sandbox_port": port}))
    mine = linked(provider, bank.sandbox.url)
    assert backfill(settings, [mine]).failures == ()

    def audited() -> dict[date, tuple[int, bool]]:
        audit = import_module(f"pipelines.{provider}.audit").audit
        verdicts = audit(settings, mine, since_on=SINCE, until_on=UNTIL)
        return {v.created_on: (v.warehouse.count - v.provider.count, v.is_complete)
                for v in verdicts}  # fmt: skip

    whole = audited()
    assert len(whole) >= 4
    assert set(whole.values()) == {(0, True)}
    table, owner = RawTable(provider, name).name, {"ws": str(mine.tenant)}
    [lost] = warehouse.rows(
        f"select id, version from {table} final where workspace_id = {{ws:String}}"
        " and position(payload, '\"2026-11-05\"') > 0 order by id limit 1",
        owner,
    )
    warehouse.insert_rows(
        table,
        [
            (str(mine.tenant), mine.id, lost["id"], lost["version"] + 1, 1, "poll", NOW, "{}"),
            (str(mine.tenant), mine.id, "never_was", 1, 0, "poll", NOW, payload),
        ],
        COLUMNS,
    )
    gaps = {day: verdict for day, verdict in audited().items() if not verdict[1]}
    assert gaps == {date(2026, 11, 3): (1, False), date(2026, 11, 5): (-1, False)}
    kept = warehouse.rows(
        "select created_on from raw.completeness final"
        " where workspace_id = {ws:String} and not is_complete order by created_on",
        owner,
    )
    assert [row["created_on"] for row in kept] == sorted(gaps)


@pytest.mark.parametrize(
    ("payload", "path", "day"),
    [
        ('{"date": "2026-11-03"}', ("date",), date(2026, 11, 3)),
        ('{"M": {"C": "2026-11-03T23:30:00-08:00"}}', ("M", "C"), date(2026, 11, 4)),
        ('{"Date": "/Date(1772323200000+0000)/"}', ("Date",), date(2026, 3, 1)),
        ('{"date": null}', ("date",), None),
        ('{"date": "13/14/2026"}', ("date",), None),
        ("[]", ("date",), None),
        ("{", ("date",), None),
    ],
)
def test_a_day_is_read_as_the_warehouse_reads_it(
    warehouse: Warehouse, payload: str, path: tuple[str, ...], day: Any
):
    assert day_in(payload, path) == day


def test_every_audited_provider_has_an_audit():
    for provider in AUDITED:
        assert callable(import_module(f"pipelines.{provider}.audit").audit)
