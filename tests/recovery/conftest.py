"""Recovery over real engines and a Stripe that lives: one account per test, one clock for all."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from psycopg.types.json import Jsonb

from core.connections import Connection, ConnectionStore
from core.database import Database
from core.inbox import APPEND, Arrival, append_values
from core.secrets import SecretBox
from core.settings import Settings
from core.tenancy import TenantId, new_id
from pipelines.inbox import entries, state
from recovery.channels.folder import folder_senders
from recovery.flows.document import Flow, document_of
from recovery.running import run_due
from recovery.store import settings as settings_store
from recovery.watching import Parts, parts_of, watch
from recovery.worker import act
from sandbox.process import running_sandbox

BEGINS = datetime(2026, 11, 23, 9, tzinfo=UTC)
# A month later Stripe drafts the renewals, and collects them an hour after.
RENEWED = datetime(2026, 12, 23, 10, tzinfo=UTC)


@dataclass
class Company:
    """A workspace whose Stripe account is the sandbox's, driven by hand."""

    stripe: httpx.Client
    parts: Parts
    application: Database
    connection: Connection
    key: str
    folder: Path
    now: datetime = BEGINS
    seen: set[str] = field(default_factory=set)
    heard_at: int = int(BEGINS.timestamp()) - 60

    @property
    def workspace_id(self) -> str:
        return str(self.connection.tenant)

    def post(self, path: str, status: int = 200, **form: Any) -> dict[str, Any]:
        answer = self.stripe.post(path, data=form)
        assert answer.status_code == status, answer.text
        return answer.json()

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        answer = self.stripe.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def publish(self, flow: Flow, *, rank: int = 1, state: str = "live") -> str:
        flow_id = new_id("flow")
        document = Jsonb(document_of(flow))
        with self.application.tenant(self.connection.tenant) as rows:
            rows.execute(
                "insert into recovery_flows (workspace_id, id, name, state, rank, draft,"
                " live_version, last_version, created_at, updated_at)"
                " values (%s, %s, %s, %s, %s, %s, 1, 1, %s, %s)",
                [self.workspace_id, flow_id, flow.name, state, rank, document, self.now, self.now],
            )
            rows.execute(
                "insert into recovery_flow_versions (workspace_id, flow_id, version, document,"
                " published_at, published_by) values (%s, %s, 1, %s, %s, 'a test')",
                [self.workspace_id, flow_id, document, self.now],
            )
        return flow_id

    def settle(
        self,
        owner: str = "oppulence",
        *,
        is_enabled: bool = True,
        grace_days: int | None = None,
    ) -> None:
        values = {"is_enabled": is_enabled, "owner": owner, "timezone": "UTC",
                  "grace_days": grace_days}  # fmt: skip
        with self.application.tenant(self.connection.tenant) as rows:
            settings_store.put(rows, self.workspace_id, self.connection.id, values, self.now)

    def customer(self, **fields: Any) -> tuple[str, str]:
        """A customer with a card of their own: both ids."""
        named = {"email": f"{new_id('c')}@example.com", "name": "Ada", **fields}
        buyer = self.post("/v1/customers", **named)["id"]
        return buyer, self.give_card(buyer)

    def give_card(self, buyer: str, *script: str | None) -> str:
        """Attach a new card and make it the customer's default."""
        method = self.post("/v1/payment_methods", type="card", **{"card[token]": "tok_visa"})["id"]
        self.post(f"/v1/payment_methods/{method}/attach", customer=buyer)
        self.script(method, *script)
        default = {"invoice_settings[default_payment_method]": method}
        self.post(f"/v1/customers/{buyer}", **default)
        return method

    def debtor(self, *script: str | None, amount: int = 4900, currency: str = "eur") -> str:
        """A customer whose invoice was just tried, with the first word of the script."""
        buyer, method = self.customer()
        self.script(method, *script)
        invoice = self.post("/v1/invoices", customer=buyer, currency=currency)["id"]
        self.post("/v1/invoiceitems", customer=buyer, invoice=invoice, amount=amount,
                  currency=currency)  # fmt: skip
        self.post(f"/v1/invoices/{invoice}/pay", status=402 if script[0] else 200)
        return buyer

    def subscriber(
        self, *script: str | None, amount: int = 4900, currency: str = "eur", **customer: Any
    ) -> dict[str, str]:
        """A customer on a monthly plan whose card does this from the first renewal on."""
        buyer, method = self.customer(**customer)
        product = self.post("/v1/products", name="Pro")["id"]
        price = self.post(
            "/v1/prices", product=product, currency=currency, unit_amount=amount,
            **{"recurring[interval]": "month"},
        )["id"]  # fmt: skip
        subscription = self.post(
            "/v1/subscriptions", customer=buyer, **{"items[0][price]": price}
        )  # fmt: skip
        assert subscription["status"] == "active"
        self.script(method, *script)
        return {"customer": buyer, "method": method, "subscription": subscription["id"]}

    def decline_before_renewal(self, *script: str | None) -> dict[str, str]:
        """A subscriber whose card was declined for something else, four days before it renews."""
        buyer = self.subscriber(*script)
        self.travel(RENEWED - timedelta(days=4))
        invoice = self.post("/v1/invoices", customer=buyer["customer"], currency="eur")["id"]
        self.post("/v1/invoiceitems", customer=buyer["customer"], invoice=invoice, amount=900,
                  currency="eur")  # fmt: skip
        self.post(f"/v1/invoices/{invoice}/pay", status=402)
        self.settle_down()
        return buyer

    def script(self, method: str, *script: str | None) -> None:
        wanted = {"account": self.key, "payment_method": method, "script": list(script)}
        assert self.stripe.post("/_sandbox/cards", json=wanted).status_code == 200

    def travel(self, to: datetime) -> None:
        """Move the one clock; Stripe does what it does by itself meanwhile."""
        wanted = {"now": to.isoformat(), "frozen": True, "lives": self.key}
        assert self.stripe.post("/_sandbox/clock", json=wanted).status_code == 200
        self.now = to

    def hear(self) -> None:
        """Have the inbox take and apply every event that has not come yet."""
        found = [event for event in self._events() if event["id"] not in self.seen]
        self.seen |= {event["id"] for event in found}
        self.heard_at = max([self.heard_at, *(event["created"] for event in found)])
        arrivals = [
            Arrival(self.workspace_id, "stripe", self.connection.id, event["id"],
                    httpx.Response(200, json=event).content)
            for event in reversed(found)
        ]  # fmt: skip
        if not arrivals:
            return
        with self.parts.database.system() as rows:
            rows.execute(APPEND, append_values(arrivals))
        while self._apply():
            pass

    def _apply(self) -> int:
        with self.parts.database.system() as rows:
            share = entries.take(rows, "postgres", self.now)
            state.apply_entries(rows, share.entries, self.now)
            if share.entries:
                entries.move(rows, "postgres", share.positions, self.now)
        return len(share.entries)

    def _events(self) -> Iterator[dict[str, Any]]:
        after: dict[str, str] = {}
        since = {"created[gte]": self.heard_at}
        while True:
            page = self.get("/v1/events", limit=100, **since, **after)
            yield from page["data"]
            if not page["has_more"]:
                return
            after = {"starting_after": page["data"][-1]["id"]}

    def settle_down(self) -> None:
        """Let everything happen that can happen now."""
        for _ in range(200):
            self.hear()
            done = watch(self.parts, self.now) + run_due(
                self.parts.database, self.parts.book, self.now
            ) + act(self.parts, self.now)  # fmt: skip
            if not done:
                return
        raise AssertionError("it never settles")

    def run_until(self, end: datetime, step: timedelta = timedelta(hours=6)) -> None:
        """Live on until a moment, from one due timer to the next, never further than a step."""
        while self.now < end:
            due = self._next_due()
            nearest = min([end, self.now + step] + ([due] if due else []))
            self.travel(max(nearest, self.now + timedelta(seconds=1)))
            self.settle_down()

    def renew(self) -> None:
        """Live on until the first renewals were tried."""
        self.run_until(RENEWED + timedelta(minutes=1), timedelta(days=40))

    def _next_due(self) -> datetime | None:
        with self.parts.database.system() as rows:
            row = rows.execute(
                "select min(due_at) as due from ("
                " select due_at from recovery_episodes where workspace_id = %s"
                " union all select due_at from recovery_actions where workspace_id = %s"
                " and state in ('ready', 'started')) as timers where due_at > %s",
                [self.workspace_id, self.workspace_id, self.now],
            ).fetchone()
        return row["due"] if row else None

    def episodes(self, columns: str = "*") -> list[dict[str, Any]]:
        with self.application.tenant(self.connection.tenant) as rows:
            return rows.execute(
                f"select {columns} from recovery_episodes order by opened_at, id"
            ).fetchall()

    def episode(self) -> dict[str, Any]:
        (only,) = self.episodes()
        return only

    def timeline(self, episode_id: str | None = None) -> list[str]:
        wanted = episode_id or self.episode()["id"]
        with self.application.tenant(self.connection.tenant) as rows:
            found = rows.execute(
                "select kind from recovery_transitions where episode_id = %s order by revision",
                [wanted],
            ).fetchall()
        return [row["kind"] for row in found]

    def newest(self, kind: str) -> dict[str, Any]:
        """What the newest step of a kind says."""
        with self.application.tenant(self.connection.tenant) as rows:
            found = rows.execute(
                "select details from recovery_transitions where kind = %s"
                " order by at desc, revision desc limit 1",
                [kind],
            ).fetchone()
        assert found is not None, kind
        return found["details"]

    def actions(self, columns: str = "kind, state") -> list[tuple[Any, ...]]:
        with self.application.tenant(self.connection.tenant) as rows:
            found = rows.execute(
                f"select {columns} from recovery_actions"
                " order by created_at, revision, is_manual, id"
            ).fetchall()
        return [tuple(row.values()) for row in found]

    def messages(self) -> list[Path]:
        """What was written to this company's payers: its loop sends what is due of others, too."""
        own = self.workspace_id
        written = sorted((self.folder / "recovery_messages").glob("*.json"))
        return [file for file in written if json.loads(file.read_text())["workspace_id"] == own]

    def charges(self, customer: str) -> list[str]:
        """What became of each charge of a customer, oldest first."""
        page = self.get("/v1/charges", customer=customer, limit=100)
        return [
            "paid" if charge["paid"] else charge["outcome"]["reason"]
            for charge in reversed(page["data"])
        ]

    def tries(self) -> list[dict[str, Any]]:
        """Every try that recovery knows of, oldest first."""
        with self.application.tenant(self.connection.tenant) as rows:
            return rows.execute(
                "select * from recovery_attempts order by attempted_at, id"
            ).fetchall()

    def paid(self) -> dict[str, int]:
        """What was paid through Stripe on each invoice, from the sandbox's own ledger."""
        answer = self.stripe.get("/_sandbox/books/live", params={"account": self.key}).json()
        return {
            fact["invoice"]: fact["amount"]
            for fact in answer
            if fact["fact"] == "invoice_paid" and not fact["out_of_band"]
        }


@pytest.fixture(scope="session")
def living_stripe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A sandbox whose clock the tests move: an account for each of them."""
    folder = tmp_path_factory.mktemp("living-stripe")
    options = ("--scale", "1", "--until", "2026-11-20", "--accounts", "96")
    with running_sandbox(folder, *options) as running:
        yield running


@pytest.fixture(scope="session")
def accounts_left(living_stripe) -> Iterator[str]:
    return iter(living_stripe.keys)


@pytest.fixture
def new_company(
    postgres: Settings, living_stripe, accounts_left, tmp_path
) -> Iterator[Callable[[], Company]]:
    system = Database.connect(postgres, role="system", size=6)
    application = Database.connect(postgres, size=3)
    box = SecretBox.from_keys(postgres.required("encryption_keys"))
    opened: list[Parts] = []
    clients: list[httpx.Client] = []

    def create() -> Company:
        key = next(accounts_left)
        stripe = httpx.Client(base_url=living_stripe.url, auth=(key, ""), timeout=30)
        clients.append(stripe)
        tenant = TenantId(new_id("ws"))
        with application.tenant(tenant) as rows:
            rows.execute("insert into workspaces (id, name) values (%s, 'A')", [str(tenant)])
        connection = ConnectionStore(application, box).connect(
            tenant, provider="stripe", name="A", provider_account_id=new_id("acct"),
            api_url=living_stripe.url, credentials={"api_key": key},
        )  # fmt: skip
        parts = parts_of(postgres, system, application, folder_senders(tmp_path))
        opened.append(parts)
        company = Company(stripe, parts, application, connection, key, tmp_path)
        company.travel(BEGINS)
        return company

    yield create
    for parts in opened:
        parts.accounts.close()
    for client in clients:
        client.close()
    system.close()
    application.close()


@pytest.fixture
def company(new_company: Callable[[], Company]) -> Company:
    made = new_company()
    made.settle()
    return made


@pytest.fixture
def one_clock(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the API of this process read the company's clock, whatever day it is outside."""

    class Its(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return company.now

    monkeypatch.setattr("core.clock.datetime", Its)
    # The relay names mails by their moment: those of one moment of the company's had no order.
    monkeypatch.setattr("local.mail.relay.utc_now", lambda: datetime.now(UTC))  # noqa: TID251


class KilledError(Exception):
    """The worker dies here."""


class Mortal:
    """A database whose n-th commit from now on never happens, or is the last that does.

    Commits of transactions that wrote nothing do not count. Used from one thread; `lives` counts
    down, and at zero the process is dead.
    """

    def __init__(self, database: Database, lives: int, *, after_commit: bool) -> None:
        self.database, self.lives, self.after_commit = database, lives, after_commit

    @contextmanager
    def system(self) -> Iterator[Any]:
        with self.database.system() as rows:
            yield rows
            wrote = rows.execute("select pg_current_xact_id_if_assigned() is not null as wrote")
            self.lives -= int(wrote.fetchone()["wrote"])
            if self.lives == 0 and not self.after_commit:
                raise KilledError
        if self.lives == 0:
            raise KilledError
