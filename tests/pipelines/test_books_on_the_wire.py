"""Guards the way from the simulated providers: tokens that end in mid-run, limits, bad rows."""

from collections.abc import Iterator
from datetime import date, timedelta
from importlib import import_module
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from pydantic import SecretStr

from core.clock import utc_now
from core.connections import Connection, ConnectionStore
from core.database import Database
from core.secrets import SecretBox
from core.settings import Settings
from core.tenancy import TenantId, new_id
from core.warehouse import Warehouse
from linking.flow import LinkRequest
from linking.registry import flow_of
from pipelines.ingest import backfill, incremental
from pipelines.raw import RawTable
from sandbox import quickbooks as intuit
from sandbox import xero as kiwi
from sandbox.process import RunningSandbox


@pytest.fixture
def settings(fresh: Settings, postgres: Settings, stripe_sandbox: RunningSandbox) -> Settings:
    return fresh.model_copy(
        update={
            "database_url": postgres.database_url,
            "encryption_keys": postgres.encryption_keys,
            "quickbooks_client_id": intuit.CLIENT_ID,
            "quickbooks_client_secret": SecretStr(intuit.CLIENT_SECRET),
            "quickbooks_api_url": f"{stripe_sandbox.url}/quickbooks",
            "xero_client_id": kiwi.CLIENT_ID,
            "xero_client_secret": SecretStr(kiwi.CLIENT_SECRET),
            "xero_api_url": f"{stripe_sandbox.url}/xero",
        }
    )


@pytest.fixture
def store(settings: Settings) -> Iterator[ConnectionStore]:
    database = Database.connect(settings, size=2)
    yield ConnectionStore(database, SecretBox.from_keys(settings.required("encryption_keys")))
    database.close()


def connected(store: ConnectionStore, settings: Settings, provider: str, number: int) -> Connection:
    """A workspace's connection to company or organisation `number`."""
    held = {"refresh_token": f"sandbox-organisation-{number}"}
    if provider == "quickbooks":
        held = {"refresh_token": f"sandbox-company-{number}", "realm_id": intuit.realm_of(number)}
    linked = flow_of(provider).verify(settings, held, "")
    tenant = TenantId(new_id("ws"))
    with store.database.tenant(tenant) as rows:
        rows.execute("insert into workspaces (id, name) values (%s, 'test')", [str(tenant)])
    return store.connect(
        tenant, provider=provider, name=linked.name, provider_account_id=linked.account_id,
        api_url=linked.api_url, credentials=linked.credentials,
    )  # fmt: skip


def fault(sandbox: RunningSandbox, **rule: object) -> None:
    httpx.post(f"{sandbox.url}/_sandbox/faults", json={"next": 1, **rule}).raise_for_status()


def met(sandbox: RunningSandbox, connection: Connection) -> dict:
    """What the simulator counted of one company or organisation."""
    report = httpx.get(f"{sandbox.url}/_sandbox/requests").json()["providers"]
    return report[connection.provider]["by_credential"][connection.provider_account_id]


def stored(warehouse, connection: Connection, name: str) -> dict[str, str]:
    found = warehouse.rows(
        f"select id, payload from {RawTable(connection.provider, name).name} final"
        " where workspace_id = {workspace:String}",
        {"workspace": str(connection.tenant)},
    )
    return {row["id"]: row["payload"] for row in found}


def test_both_companies_land_whole_within_their_limits(settings, store, stripe_sandbox, warehouse):
    us, eu = (connected(store, settings, p, 21) for p in ("quickbooks", "xero"))
    documents = stripe_sandbox.truth("accounting")["documents"]
    truth = {
        "us": {
            d["id"]: d["kind"] for d in documents if d["entity"] == "us" and d["state"] != "deleted"
        },
        "eu": {d["id"]: d["kind"] for d in documents if d["entity"] == "eu"},
    }
    reports = [backfill(settings, [us]), backfill(settings, [eu]), incremental(settings, [eu])]
    assert [report.failures for report in reports] == [(), (), ()]
    for name, kind in (("invoice", "invoice"), ("purchase", "purchase"), ("deposit", "deposit")):
        expected = {id for id, found in truth["us"].items() if found == kind}
        assert set(stored(warehouse, us, name)) == expected, name
    invoices = {id for id, kind in truth["eu"].items() if kind in ("invoice", "bill")}
    assert set(stored(warehouse, eu, "invoice")) == invoices
    assert reports[2].rows == {}  # nothing was modified
    for connection, per_second, per_minute in ((us, 10, 500), (eu, 60, 60)):
        counted = met(stripe_sandbox, connection)
        assert set(counted["by_status"]) == {"200"}
        assert counted["peak_per_second"] <= per_second
        assert counted["peak_per_minute"] <= per_minute
        assert counted["peak_under_way"] <= 5


@pytest.mark.parametrize(
    ("provider", "path", "objects"),
    [
        ("quickbooks", "FROM Purchase", ["account", "customer", "purchase"]),
        ("xero", "BankTransactions", ["account", "contact", "bank_transaction"]),
    ],
)
def test_a_token_that_ends_in_mid_run_is_renewed_and_kept(
    settings, store, stripe_sandbox, provider, path, objects
):
    connection = connected(store, settings, provider, 22)
    fault(stripe_sandbox, kind="token_expired", path=f"/{provider}/.*{path}")
    (outcome,) = backfill(settings, [connection], objects=objects).outcomes
    assert (outcome.status, outcome.complete) == ("active", True)
    assert met(stripe_sandbox, connection)["by_status"]["401"] >= 1
    kept = store.get(connection.tenant, connection.id)
    assert kept.credentials["refresh_token"] != connection.credentials["refresh_token"]
    assert outcome.connection.sealed == kept.sealed  # its status is about the newest credentials
    assert backfill(settings, [kept], objects=["account"]).failures == ()


def test_what_a_consent_does_not_hold_is_skipped_and_costs_nothing_else(settings, store):
    flow = flow_of("xero")
    started = flow.start(settings, LinkRequest("http://localhost/back", "state", "ws"))
    answer = httpx.get(started.url + "&organisation=30").headers["location"]
    linked = flow.finish(settings, started.kept, dict(parse_qsl(urlsplit(answer).query)))
    connection = connected(store, settings, "xero", 31)
    connection = store.connect(
        connection.tenant, provider="xero", name="A", provider_account_id=linked.account_id,
        api_url=linked.api_url, credentials=linked.credentials,
    )  # fmt: skip
    (outcome,) = backfill(settings, [connection], objects=["account", "journal"]).outcomes
    assert outcome.skipped == {"journal": "The consent does not hold this list."}
    assert (outcome.status, outcome.complete) == ("active", True)


@pytest.mark.parametrize("provider", ["quickbooks", "xero"])
def test_a_grant_that_has_ended_waits_for_its_user(settings, store, stripe_sandbox, provider):
    connection = connected(store, settings, provider, 23)
    gone = dict(connection.credentials) | {
        "expires_at": (utc_now() - timedelta(minutes=1)).isoformat(), "refresh_token": "ended",
    }  # fmt: skip
    connection = store.connect(
        connection.tenant, provider=provider, name="A", credentials=gone,
        provider_account_id=connection.provider_account_id, api_url=connection.api_url,
    )  # fmt: skip
    (outcome,) = incremental(settings, [connection]).outcomes
    assert (outcome.status, outcome.complete) == ("reconsent_required", False)
    assert outcome.reason.startswith(("QuickBooks: Incorrect", "Xero: The grant has ended"))


def test_an_organisation_that_was_disconnected_waits_for_its_user(settings, store):
    connection = connected(store, settings, "xero", 24)
    flow_of("xero").revoke(settings, connection.credentials, connection.api_url)
    renewed = flow_of("xero").verify(settings, {"refresh_token": "sandbox-organisation-25"}, "")
    other = dict(renewed.credentials) | {"tenant_id": connection.provider_account_id}
    connection = store.connect(
        connection.tenant, provider="xero", name="A", credentials=other,
        provider_account_id=connection.provider_account_id, api_url=connection.api_url,
    )  # fmt: skip
    (outcome,) = backfill(settings, [connection]).outcomes
    assert outcome.status == "reconsent_required"
    assert outcome.reason == "The organisation is not connected any more."


def test_a_malformed_row_lands_and_stops_nothing(settings, store, stripe_sandbox, warehouse):
    for provider, path, name in (
        ("quickbooks", "/quickbooks/v3/company/4620816365000026/query", "account"),
        ("xero", "/xero/api.xro/2.0/Invoices", "invoice"),
    ):
        connection = connected(store, settings, provider, 26)
        fault(stripe_sandbox, kind="malformed_row", path=path)
        fault(stripe_sandbox, kind="error", path=path, next=2)
        fault(stripe_sandbox, kind="cut", path=path)
        report = backfill(settings, [connection], objects=[name])
        assert (report.failures, report.rows[name] > 5) == ((), True)
    assert any("about 12" in text for text in stored(warehouse, connection, "invoice").values())


def test_a_day_that_is_nearly_spent_ends_the_run_before_xero_does(settings, store, stripe_sandbox):
    connection = connected(store, settings, "xero", 27)
    fault(stripe_sandbox, kind="day_limit", path="/xero/api.xro", value="65")
    fault(stripe_sandbox, kind="no_journals", path="/xero/api.xro/2.0/Journals")
    (first,) = backfill(settings, [connection]).outcomes  # ten answers: 55 are left
    assert first.skipped == {"journal": "Forbidden: The plan does not offer journals."}
    assert (first.status, first.complete) == ("active", True)
    (outcome,) = backfill(settings, [connection]).outcomes
    assert (outcome.status, outcome.complete) == ("degraded", False)
    assert "limit for a day is nearly spent" in outcome.reason
    assert "429" not in met(stripe_sandbox, connection)["by_status"]
    before = met(stripe_sandbox, connection)["total"]
    assert incremental(settings, [connection]).failures
    assert met(stripe_sandbox, connection)["total"] == before  # known without asking


@pytest.mark.parametrize("provider", ["quickbooks", "xero"])
def test_an_audit_of_the_books_finds_what_changes_missed(
    store: ConnectionStore, settings: Settings, warehouse: Warehouse, provider: str
):
    mine = connected(store, settings, provider, 90)
    assert backfill(settings, [mine]).failures == ()
    audit = import_module(f"pipelines.{provider}.audit").audit
    span = {"since_on": date(2026, 9, 1), "until_on": date(2026, 11, 1)}
    [known] = store.of(mine.tenant)
    whole = audit(settings, known, **span)
    assert len(whole) >= 40
    assert {verdict.is_complete for verdict in whole} == {True}
    table = RawTable(provider, "payment").name
    lost = max(v.created_on for v in whole if v.object == "payment")
    warehouse.command(
        f"alter table {table} delete where workspace_id = '{mine.tenant}'"
        " settings mutations_sync = 2"
    )
    [known] = store.of(mine.tenant)
    gaps = [v for v in audit(settings, known, **span) if not v.is_complete]
    assert {v.object for v in gaps} == {"payment"}
    assert lost in {v.created_on for v in gaps}
    assert {v.warehouse.count for v in gaps} == {0}
