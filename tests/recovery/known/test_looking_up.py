"""From a webhook to a decision: a flow goes by what books and banks say of its payer."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from core.errors import EngineUnavailableError
from core.settings import Settings
from core.warehouse import Warehouse
from recovery.detecting import look
from recovery.known.looking_up import SILENT_FOR, WarehouseFacts, subject_of
from recovery.known.subjects import BROUGHT
from recovery.store import episodes
from recovery.store.flows import FlowBook
from recovery.stripe.cases import read_case
from recovery.watching import watch
from tests.recovery.conftest import RENEWED, Company
from tests.recovery.flow_documents import END, flow
from tests.recovery.known.conftest import Books

SOFT = "insufficient_funds"
OWES = {"fact": "books.open_receivable", "op": "gt", "value": 10_000, "currency": "EUR"}
LARGE = {"fact": "payer.lifetime_paid", "op": "gte", "value": 50_000, "currency": "EUR"}
BRANCHES = flow(
    start="owes",
    steps={
        "owes": {"kind": "branch", "cases": [{"when": OWES, "next": "call"}], "otherwise": "over"},
        "call": {"kind": "task", "instruction": "Call them: they owe more.", "next": "over"},
        "over": END,
    },
)  # fmt: skip


@pytest.fixture
def books(company: Company, known_warehouse) -> Books:
    return Books(known_warehouse, company.connection.tenant)


def knowing(company: Company, settings: Settings) -> Company:
    book = FlowBook(lookup=WarehouseFacts(settings))
    company.parts = replace(company.parts, book=book)
    return company


def known_to_books(company: Company, books: Books, buyer: dict[str, str], owed: int) -> None:
    connection = company.connection.id
    books.holds("unified.customers", {"connection_id": connection, "id": buyer["customer"],
                "name": "Ada", "email": "ada@example.com"})  # fmt: skip
    books.holds("unified.accounting_contacts", {"connection_id": "conn_books", "id": "7",
                "email": "ada@example.com", "is_customer": True})  # fmt: skip
    books.holds("unified.accounting_entries", {"connection_id": "conn_books", "document_id": "i/1",
                "entry_number": 1, "contact_id": "7", "account_role": "accounts_receivable",
                "currency": "EUR", "amount_minor": owed, "issued_on": RENEWED.date()})  # fmt: skip


def test_a_flow_branches_on_what_the_books_say(company: Company, books: Books, engines: Settings):
    knowing(company, engines).publish(BRANCHES)
    known_to_books(company, books, company.subscriber(SOFT), 10_001)
    company.renew()
    assert company.actions() == [("task", "done")]
    assert company.newest("branched") == {
        "port": "case_0", "known": {"books.open_receivable:EUR": 10_001},
    }  # fmt: skip


def test_a_trigger_takes_by_what_was_paid_before(company: Company, books: Books, engines: Settings):
    taking = {"causes": ["renewal"], "when": LARGE}
    knowing(company, engines).publish(flow(trigger=taking, start="over", steps={"over": END}))
    loyal, new = company.subscriber(SOFT), company.subscriber(SOFT)
    connection = company.connection.id
    for buyer, amount in ((loyal, 50_000), (new, 49_999)):
        books.holds("unified.customers", {"connection_id": connection, "id": buyer["customer"]})
        books.holds("unified.payment_attempts", {
            "connection_id": connection, "id": "ch", "customer_id": buyer["customer"],
            "payment_id": "pi", "status": "succeeded", "currency": "EUR",
            "amount_captured_minor": amount, "occurred_at": RENEWED - timedelta(days=40),
        })  # fmt: skip
    company.renew()
    taken = {one["customer_id"] for one in company.episodes() if one["flow_id"] is not None}
    assert taken == {loyal["customer"]}
    assert company.newest("started")["known"] == {"payer.lifetime_paid:EUR": 50_000}


def test_where_the_warehouse_is_away_nothing_is_decided_and_later_it_is(
    company: Company, books: Books, engines: Settings
):
    away = engines.model_copy(update={"clickhouse_url": SecretStr("http://default@127.0.0.1:1")})
    knowing(company, away).publish(BRANCHES)
    known_to_books(company, books, company.subscriber(SOFT), 10_001)
    company.renew()
    assert company.timeline()[-1] == "deferred"
    assert company.episode()["step"] == "owes"
    knowing(company, engines)
    company.run_until(company.now + timedelta(minutes=6))
    assert company.actions() == [("task", "done")]


def test_a_failure_is_not_taken_by_guess(company: Company, engines: Settings):
    """A trigger that cannot be asked leaves the signal for later: no flow is passed over."""
    away = engines.model_copy(update={"clickhouse_url": SecretStr("http://default@127.0.0.1:1")})
    knowing(company, away).publish(
        flow(trigger={"causes": ["renewal"], "when": LARGE}, start="over", steps={"over": END})
    )
    company.subscriber(SOFT)
    company.travel(RENEWED + timedelta(minutes=1))
    (invoice,) = (one for one in company.get("/v1/invoices", status="open", limit=10)["data"])
    client = company.parts.accounts.client(company.workspace_id, company.connection.id)
    case = read_case(client, company.parts.declines, "invoice", invoice["id"], company.now)
    assert case is not None
    with pytest.raises(EngineUnavailableError), company.parts.database.system() as rows:
        look(rows, company.parts.book, company.workspace_id, company.connection.id, case,
             company.now)  # fmt: skip
    assert company.episodes() == []


def test_a_silent_warehouse_is_left_alone_for_a_while(company: Company, engines: Settings):
    away = engines.model_copy(update={"clickhouse_url": SecretStr("http://default@127.0.0.1:1")})
    lookup = WarehouseFacts(away)
    company.publish(flow(start="over", steps={"over": END}))
    company.subscriber(SOFT)
    company.renew()
    with company.parts.database.system() as rows:
        (held,) = episodes.lock(rows, company.workspace_id, [company.episode()["id"]])
    wanted = BRANCHES.wanted_anywhere
    assert lookup(held.episode, wanted, company.now) is None
    lookup._settings = engines  # it answers again: nobody looks before the pause is over
    assert lookup(held.episode, wanted, company.now + SILENT_FOR / 2) is None
    assert lookup(held.episode, wanted, company.now + SILENT_FOR) == {}
    assert subject_of(held.episode, company.now).invoice_id == held.episode.subject_id
    lookup.close()


class Counting:
    """A warehouse that counts what a tenant's questions are asked about."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse, self.asked = warehouse, []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._warehouse, name)

    def tenant_rows(self, tenant: Any, query: Any, values: Any, **options: Any) -> Any:
        self.asked.append(len(values[BROUGHT].rows))
        return self._warehouse.tenant_rows(tenant, query, values, **options)


def test_a_share_of_due_episodes_is_read_at_once(
    company: Company, books: Books, engines: Settings, known_warehouse: Warehouse
):
    """Three wait for a day and decide together: one question about three."""
    counting = Counting(known_warehouse)
    lookup = WarehouseFacts(engines, lambda _: counting)  # type: ignore[arg-type, return-value]
    company.parts = replace(company.parts, book=FlowBook(lookup=lookup))
    drawn = {
        "rest": {"kind": "wait", "until": {"kind": "duration", "days": 1}, "next": "owes"},
        "owes": {"kind": "branch", "cases": [{"when": OWES, "next": "call"}], "otherwise": "over"},
        "call": {"kind": "task", "instruction": "Call them.", "next": "over"}, "over": END,
    }  # fmt: skip
    company.publish(flow(start="owes", steps=drawn))
    buyers = [company.subscriber(SOFT) for _ in range(3)]
    known_to_books(company, books, buyers[1], 10_001)
    company.travel(RENEWED + timedelta(minutes=1))
    company.hear()
    watch(replace(company.parts, book=FlowBook()), company.now)  # it can open, and not look up
    assert counting.asked == []
    assert {one["step"] for one in company.episodes()} == {"owes"}
    company.settle_down()
    assert counting.asked == [3]
    assert [kind for kind, _ in company.actions()] == ["task"]


def test_without_a_warehouse_nothing_is_known(company: Company, postgres: Settings):
    company.publish(BRANCHES)
    company.subscriber(SOFT)
    company.renew()
    assert postgres.clickhouse_url is None
    assert company.newest("branched") == {
        "port": "otherwise", "known": {"books.open_receivable:EUR": None},
    }  # fmt: skip
