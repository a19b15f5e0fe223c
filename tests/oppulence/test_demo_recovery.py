"""Does the demo's recovery say what the account's ledger says, once and for all?"""

import json
import multiprocessing
import os
import signal
from dataclasses import asdict
from datetime import UTC, date, datetime

import pytest

from core.database import Database
from core.settings import Settings
from core.tenancy import TenantId, new_id
from core.warehouse import Warehouse
from oppulence.demo_clock import folder_of
from oppulence.demo_recovered import mail_folder, recovered
from oppulence.demo_recovery import flows, recover
from oppulence.workspaces import ensure_workspace
from pipelines.ingest import prepare_warehouse
from recovery.flows.validation import validate
from sandbox.__main__ import remembered
from sandbox.server import open_account
from sandbox.stripe.generate import CompanySpec
from sandbox.stripe.store import Store
from tests.local.processes import until

UNTIL = date(2026, 11, 20)
MOMENT = int(datetime(2026, 11, 20, 9, tzinfo=UTC).timestamp())


@pytest.fixture
def settings(engines: Settings, tmp_path) -> Settings:
    """A data folder with a small company in its sandbox."""
    prepare_warehouse(engines)
    folder = tmp_path / "sandbox"
    folder.mkdir()
    remembered(folder, 7, 60, UNTIL)
    open_account(folder, CompanySpec(7, 60, UNTIL), 1).store.close()
    return engines.model_copy(update={"data_dir": tmp_path})


def test_the_demos_flows_can_be_published():
    assert [finding for flow in flows() for finding in validate(flow)
            if finding.severity == "error"] == []  # fmt: skip


def interrupted(settings: Settings, tenant: TenantId) -> None:
    """Run a demo's recovery until its first message to a payer lies there, and press Ctrl-C."""
    process = multiprocessing.get_context("spawn").Process(
        target=recover, args=(settings, tenant, MOMENT, 12)
    )
    process.start()
    until(lambda: list(mail_folder(settings).glob("*.html")), "a message was written")
    assert process.pid is not None
    os.kill(process.pid, signal.SIGINT)
    process.join()
    assert process.exitcode == 1


def test_episodes_say_what_the_ledger_says_and_a_second_demo_changes_nothing(settings):
    """Nor does one that was interrupted before: it begins anew, and nothing counts twice."""
    tenant = TenantId(new_id("ws"))
    database = Database.connect(settings, size=1)
    ensure_workspace(database, tenant)
    assert recovered(settings, tenant) is None
    interrupted(settings, tenant)
    half = recovered(settings, tenant)
    assert half is not None
    assert half.episodes == 12
    recover(settings, tenant, MOMENT, most=12)
    found = recovered(settings, tenant)
    assert found is not None
    assert found.episodes == 12
    assert found.by_engine == found.by_ledger
    assert 3 <= len(found.by_engine) < 12
    # Every episode is in one line of the table.
    assert sum(row["number"] for row in found.cash) == 12
    assert found.lift is not None
    assert found.lift.treated.units + found.lift.control.units <= 12
    pages = list(mail_folder(settings).iterdir())
    assert len(pages) == found.messages >= 1
    assert all("<html" in page.read_text() for page in pages)
    assert landed(settings, tenant) == told(settings)
    # Nothing of it moves any more, and a second demo reads what the first one kept.
    recover(settings, tenant, MOMENT, most=12)
    again = recovered(settings, tenant)
    assert again is not None
    assert asdict(again) == asdict(found)
    with database.tenant(tenant) as rows:
        status = rows.execute(
            "select status, last_synced_at is null as is_stale from connections"
        ).fetchall()
        enabled = rows.execute("select is_enabled from recovery_settings").fetchall()
        live = rows.execute(
            "select count(*) as number, count(*) filter (where state = 'live') as live"
            " from recovery_flows"
        ).fetchall()
    database.close()
    assert live == [{"number": len(flows()), "live": 0}]
    assert (status, enabled) == (
        [{"status": "revoked", "is_stale": False}], [{"is_enabled": False}]
    )  # fmt: skip


def landed(settings: Settings, tenant: TenantId) -> dict[str, dict[str, object]]:
    """Of each invoice and movement of the balance in the raw tables, what the money is told by."""
    warehouse = Warehouse.connect(settings, pool_size=1)
    try:
        rows = warehouse.rows(
            " union all ".join(
                f"select id, argMax(payload, version) as payload from raw.stripe_{name}"
                " where workspace_id = {tenant:String} group by id"
                for name in ("invoice", "charge", "balance_transaction")
            ),
            {"tenant": str(tenant)},
        )
    finally:
        warehouse.close()
    return {row["id"]: money(json.loads(row["payload"])) for row in rows}


def told(settings: Settings) -> dict[str, dict[str, object]]:
    """The same of what the account's events were about, as the account itself holds it."""
    store = Store(folder_of(settings) / "stripe_1.sqlite")
    try:
        events = [json.loads(one) for one in store.page("kind = 'event'", [], 10_000, True)]
        objects = [event["data"]["object"] for event in events]
        ids = {one["id"] for one in objects if one["object"] in ("invoice", "charge")}
        ids |= {one["balance_transaction"] for one in objects if one.get("balance_transaction")}
        return {one: money(json.loads(store.body(one) or "{}")) for one in ids}
    finally:
        store.close()


def money(shown: dict[str, object]) -> dict[str, object]:
    names = ("object", "status", "amount", "amount_paid", "net", "available_on", "attempt_count")
    # A movement is available once its day has come, whoever is asked.
    return {
        name: shown[name]
        for name in names
        if name in shown and (shown["object"], name) != ("balance_transaction", "status")
    }
