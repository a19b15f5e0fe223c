"""Does the demo's recovery say what the account's ledger says, once and for all?"""

from dataclasses import asdict
from datetime import UTC, date, datetime

import pytest

from core.database import Database
from core.settings import Settings
from core.tenancy import TenantId, new_id
from oppulence.demo_recovered import mail_folder, recovered
from oppulence.demo_recovery import flows, recover
from oppulence.workspaces import ensure_workspace
from recovery.flows.validation import validate
from sandbox.__main__ import remembered
from sandbox.server import open_account
from sandbox.stripe.generate import CompanySpec

UNTIL = date(2026, 11, 20)
MOMENT = int(datetime(2026, 11, 20, 9, tzinfo=UTC).timestamp())


@pytest.fixture
def settings(postgres: Settings, tmp_path) -> Settings:
    """A data folder with a small company in its sandbox."""
    folder = tmp_path / "sandbox"
    folder.mkdir()
    remembered(folder, 7, 60, UNTIL)
    open_account(folder, CompanySpec(7, 60, UNTIL), 1).store.close()
    return postgres.model_copy(update={"data_dir": tmp_path})


def test_the_demos_flows_can_be_published():
    assert [finding for flow in flows() for finding in validate(flow)
            if finding.severity == "error"] == []  # fmt: skip


def test_episodes_say_what_the_ledger_says_and_a_second_demo_changes_nothing(settings):
    tenant = TenantId(new_id("ws"))
    database = Database.connect(settings, size=1)
    ensure_workspace(database, tenant)
    assert recovered(settings, tenant) is None
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
    # Nothing of it moves any more, and a second demo reads what the first one kept.
    recover(settings, tenant, MOMENT, most=12)
    again = recovered(settings, tenant)
    assert again is not None
    assert asdict(again) == asdict(found)
    with database.tenant(tenant) as rows:
        status = rows.execute("select status from connections").fetchall()
        enabled = rows.execute("select is_enabled from recovery_settings").fetchall()
    database.close()
    assert (status, enabled) == ([{"status": "revoked"}], [{"is_enabled": False}])
