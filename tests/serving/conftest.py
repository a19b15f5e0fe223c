"""A real API over real engines: one server per session, a fresh workspace per test that asks."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import uvicorn
from pydantic import SecretStr

from core.database import Database
from core.logs import configure_logging
from core.settings import Settings
from core.tenancy import TenantId, new_id
from core.warehouse import Warehouse
from core.webhooks.registry import SCHEMES
from local.ports import free_port
from ml.tables import prepare_tables as prepare_findings
from pipelines.raw import RawTable, ensure_raw_tables
from reconciliation.tables import prepare_tables
from sandbox.oidc import CLIENT_ID, CLIENT_SECRET
from serving.app import create_app
from serving.auth.key_store import issue_key
from serving.request_heads import BoundedProtocol
from serving.server import configure_server
from tests.declared_tables import create_table
from tests.mailbox import Mailbox
from tests.serving.merchant import Merchant
from tests.streaming_tables import create_feed, create_streaming_table

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
Serve = Callable[..., str]

MARTS = {
    "billing/fct_mrr_movements": "customer_id, currency, moved_on",
    "billing/int_billing__subscription_mrr": "customer_id, subscription_id, changed_on",
    "billing/fct_subscriptions": "subscription_id",
    "billing/fct_invoices": "invoice_id",
    "billing/fct_revenue_days": "day, currency, kind, product_id",
    "billing/fct_receivables": "invoice_id, age",
    "billing/fct_settlements": "movement_id",
    "billing/fct_settlement_days": "day, category, method, payment_currency, currency",
    "billing/fct_exchange_rates": "base_currency, quote_currency, day, source",
    "ledger/fct_ledger_entries": "journal_id, revision, is_reversal, entry_number",
    "ledger/fct_ledger_days": "effective_on, account_code, account_id, currency, recorded_on",
    "recovery/fct_recovery_episodes": "episode_id",
    "recovery/fct_recovery_attempts": "payment_id, attempt_id",
}


@pytest.fixture(autouse=True)
def logging_as_in_production(engines: Settings) -> None:
    """Set the one redacted stream: structlog's own default draws tracebacks with every local."""
    configure_logging(engines)


@pytest.fixture(scope="session")
def warehouse(engines: Settings) -> Iterator[Warehouse]:
    opened = Warehouse.connect(engines)
    key = "workspace_id, connection_id, id"
    events = [RawTable(name, "event") for name in SCHEMES]
    ensure_raw_tables(opened, [RawTable("stripe", "charge"), *events])
    for table in ("unified.transactions", "unified.transactions_by_time"):
        create_streaming_table(opened, table)
    create_feed(opened, "unified.transactions_by_time", "transactions")
    create_streaming_table(opened, "unified.balances")
    # All before the first request: whether a table is there is asked once a minute.
    for model in (
        "subscriptions", "accounts", "balance_transactions", "customers", "invoices", "disputes",
    ):  # fmt: skip
        create_table(opened, f"unified/{model}/{model}", key)
    create_table(opened, "unified/invoice_payments/invoice_payments",
                 "workspace_id, connection_id, invoice_id, payment_id, id")  # fmt: skip
    for model, its_key in MARTS.items():
        create_table(opened, f"marts/{model}", f"workspace_id, connection_id, {its_key}")
    prepare_findings(opened)
    create_table(
        opened,
        "marts/ledger/fct_ledger_entries_by_time",
        "workspace_id, newest_first, journal_id, connection_id, revision,"
        " is_reversal, entry_number",
    )
    create_table(opened, "marts/reconciliation/int_reconciliation__payout_lines", key)
    for model in ("payouts", "accounting_documents"):
        create_table(opened, f"unified/{model}/{model}", key)
    prepare_tables(opened)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def database(engines: Settings) -> Iterator[Database]:
    opened = Database.connect(engines, size=4)
    yield opened
    opened.close()


@contextmanager
def servers() -> Iterator[Serve]:
    """Yield what starts an API, on its public URL's port or on a free one; all stop at the end."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(settings: Settings, http: type[BoundedProtocol] = BoundedProtocol) -> str:
        listening = socket.create_server(("127.0.0.1", urlsplit(settings.public_url).port or 0))
        configured = configure_server(create_app(settings))
        configured.http = http
        server = uvicorn.Server(configured)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        running.append((server, thread))
        deadline = time.monotonic() + 60
        while not server.started:
            assert thread.is_alive()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return f"http://127.0.0.1:{listening.getsockname()[1]}"

    try:
        yield start
    finally:
        for server, _ in running:
            server.should_exit = True
        for _, thread in running:
            thread.join(60)
            assert not thread.is_alive()


@pytest.fixture(scope="session")
def serve_all() -> Iterator[Serve]:
    """Start an API for all tests that ask for it."""
    with servers() as start:
        yield start


@pytest.fixture(scope="module")
def serve() -> Iterator[Serve]:
    """Start an API for the tests of a file: one that nobody asks any more still keeps busy."""
    with servers() as start:
        yield start


@pytest.fixture(scope="session")
def api_url(engines: Settings, warehouse: Warehouse, serve_all: Serve) -> str:
    return serve_all(engines)


@pytest.fixture(scope="session")
def oidc_settings(engines: Settings, stripe_sandbox) -> Settings:
    """Settings of an installation whose people sign in at the sandbox's issuer."""
    return engines.model_copy(
        update={
            "public_url": f"http://127.0.0.1:{free_port()}",
            "oidc_issuer": f"{stripe_sandbox.url}/oidc",
            "oidc_client_id": CLIENT_ID,
            "oidc_client_secret": SecretStr(CLIENT_SECRET),
        }
    )


@pytest.fixture(scope="session")
def oidc_url(serve_all, oidc_settings, warehouse):
    return serve_all(oidc_settings)


@pytest.fixture(scope="session")
def anonymous(api_url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=api_url, timeout=60) as client:
        yield client


@dataclass
class Workspace:
    """A workspace of a test, with its rows and keys."""

    tenant: TenantId
    api: httpx.Client
    key: str
    warehouse: Warehouse
    database: Database
    settings: Settings

    def headers(self, key: str | None = None) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {key or self.key}",
            "X-Workspace-Id": str(self.tenant),
        }

    def get(self, path: str, key: str | None = None, **parameters: Any) -> httpx.Response:
        return self.api.get(path, params=parameters, headers=self.headers(key))

    def issue(self, **options: Any) -> str:
        options.setdefault("now", NOW)
        key, _ = issue_key(
            self.database, self.tenant, options.pop("name", "test"),
            secret=self.settings.required("api_key_secret"), **options,
        )  # fmt: skip
        return key

    def holds(self, *rows: dict[str, Any]) -> None:
        """Put transactions into unified; each dict overrides the defaults."""
        complete = [self.row(number, **row) for number, row in enumerate(rows)]
        self.warehouse.insert_rows(
            "unified.transactions",
            [list(row.values()) for row in complete],
            list(complete[0]),
        )

    def row(self, number: int = 0, **overrides: Any) -> dict[str, Any]:
        moment = overrides.get("occurred_at", NOW - timedelta(minutes=number))
        return {
            "workspace_id": str(self.tenant), "connection_id": "conn_test",
            "id": f"ch_{number:04}", "provider": "stripe", "account_id": "stripe_balance",
            "type": "charge", "status": "succeeded", "amount_minor": 4900, "currency": "USD",
            "description": None, "customer_id": None, "counterparty": None, "invoice_id": None,
            "payment_id": None, "parent_id": None, "failure_code": None, "decline_code": None,
            "payment_method_type": None, "occurred_at": moment, "posted_at": None,
            "source_table": "raw.stripe_charge", "source_id": f"ch_{number:04}", "version": 1,
            "is_deleted": 0, "extracted_at": NOW, "landed_at": NOW,
        } | overrides  # fmt: skip


@pytest.fixture(scope="session")
def new_workspace(
    anonymous: httpx.Client, warehouse: Warehouse, database: Database, engines: Settings
) -> Callable[[], Workspace]:
    def create() -> Workspace:
        tenant = TenantId(new_id("ws"))
        with database.tenant(tenant) as rows:
            rows.execute("insert into workspaces (id, name) values (%s, 'A test')", [str(tenant)])
        workspace = Workspace(tenant, anonymous, "", warehouse, database, engines)
        workspace.key = workspace.issue()
        return workspace

    return create


@pytest.fixture
def workspace(new_workspace: Callable[[], Workspace]) -> Workspace:
    return new_workspace()


@pytest.fixture
def send(workspace: Workspace) -> Callable[..., httpx.Response]:
    """Ask the API as the workspace's key, with a body and headers where they are given."""

    def request(method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        options: dict[str, Any] = {"headers": workspace.headers() | headers}
        if body is not None:
            options["json"] = body
        return workspace.api.request(method, path, **options)

    return request


@pytest.fixture
def arrive(
    api_url: str, mailbox: Mailbox, database: Database, engines: Settings, warehouse: Warehouse
) -> Iterator[Callable[[], Merchant]]:
    """Have merchants sign in, each with a workspace of their own."""
    made: list[Merchant] = []

    def come() -> Merchant:
        made.append(Merchant.arrive(api_url, mailbox, database, engines))
        return made[-1]

    yield come
    for merchant in made:
        merchant.close()


@pytest.fixture
def merchant(arrive: Callable[[], Merchant]) -> Merchant:
    return arrive()
