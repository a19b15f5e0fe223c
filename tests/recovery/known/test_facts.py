"""Each fact of the catalogue is what its rows add up to by hand, as of the moment that is asked."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.warehouse import TenantQuery
from recovery.flows.conditions import Wanted
from recovery.known.catalogue import CATALOGUE
from recovery.known.columns import columns, is_personal
from recovery.known.fact import together
from recovery.known.reading import Asking, read_facts
from tests.recovery.known.conftest import NOW, Books, subject

DAY = timedelta(days=1)
ADA = {"id": "cus_ada", "name": "Ada Byron", "email": "ada@example.com", "country": "IE"}


def attempt(n: int, days_ago: int, amount: int, status: str = "succeeded", currency: str = "EUR"):
    return {"id": f"ch_{n}", "customer_id": "cus_ada", "payment_id": f"pi_{n}", "status": status,
            "currency": currency, "amount_minor": amount,
            "amount_captured_minor": amount if status == "succeeded" else 0,
            "occurred_at": NOW - days_ago * DAY}  # fmt: skip


def test_what_a_payer_paid_counts_by_currency_and_up_to_the_moment(books: Books):
    books.holds("unified.customers", ADA)
    books.holds("unified.payment_attempts", attempt(1, 100, 4900), attempt(2, 40, 5100),
                attempt(3, 10, 700, currency="USD"), attempt(4, 3, 4900, "failed"),
                attempt(5, 95, 1, "failed"))  # fmt: skip
    now, then = subject(), subject(moment=NOW - 50 * DAY)
    assert books.tells("payer.lifetime_paid", now, "EUR") == 10_000
    assert books.tells("payer.lifetime_paid", now, "USD") == 700
    assert books.tells("payer.lifetime_paid", now, "GBP") == 0
    assert books.tells("payer.lifetime_paid", then, "EUR") == 4_900
    assert books.tells("payer.payments_made", now) == 3
    assert books.tells("payer.days_since_paid", now) == 10
    assert books.tells("payer.days_since_paid", subject(moment=NOW - 120 * DAY)) is None
    assert books.tells("payer.failures_90_days", now) == 1
    assert books.tells("payer.country", now) == "IE"
    # Whom the layer has not seen, it knows nothing of: that is no zero.
    assert books.tells("payer.lifetime_paid", subject(customer_id="cus_new"), "EUR") is None


def test_open_invoices_are_those_that_were_open_at_the_moment(books: Books):
    books.holds("unified.customers", ADA)
    books.holds(
        "unified.invoices",
        {"id": "in_1", "customer_id": "cus_ada", "status": "paid", "currency": "EUR",
         "amount_due_minor": 4900, "amount_remaining_minor": 0, "finalized_at": NOW - 60 * DAY,
         "due_at": NOW - 30 * DAY, "paid_at": NOW - 20 * DAY},
        {"id": "in_2", "customer_id": "cus_ada", "status": "open", "currency": "EUR",
         "amount_due_minor": 5000, "amount_remaining_minor": 2000, "finalized_at": NOW - 5 * DAY},
        {"id": "in_3", "customer_id": "cus_ada", "status": "draft", "currency": "EUR",
         "amount_due_minor": 9000, "amount_remaining_minor": 9000},
        {"id": "in_4", "customer_id": "cus_bob", "status": "open", "currency": "EUR",
         "amount_due_minor": 1, "amount_remaining_minor": 1, "finalized_at": NOW - 5 * DAY},
    )  # fmt: skip
    assert books.tells("payer.open_invoices", subject()) == 1
    assert books.tells("payer.open_amount", subject(), "EUR") == 2000
    assert books.tells("payer.open_amount", subject(), "USD") == 0
    assert books.tells("payer.days_overdue", subject()) == 5
    then = subject(moment=NOW - 25 * DAY)
    assert books.tells("payer.open_invoices", then) == 1
    assert books.tells("payer.open_amount", then, "EUR") == 4900
    assert books.tells("payer.days_overdue", then) == 5


def test_the_subscription_tells_its_plan_and_period(books: Books):
    books.holds(
        "unified.subscriptions",
        {"id": "sub_1", "customer_id": "cus_ada", "started_at": NOW - 400 * DAY,
         "trial_started_at": NOW - 10 * DAY, "trial_ends_at": NOW + 4 * DAY,
         "period_ends_at": datetime(2026, 12, 3, 9, tzinfo=UTC), "cancel_at_period_end": True,
         "item_ids": ["si_1", "si_2"]},
    )  # fmt: skip
    books.holds(
        "unified.subscription_items",
        {"id": "si_1", "product_id": "prod_a", "price_id": "price_a", "quantity": 2,
         "unit_amount_minor": 500, "currency": "EUR", "interval": "month", "interval_count": 1},
        {"id": "si_2", "product_id": "prod_b", "price_id": "price_b", "quantity": 7,
         "unit_amount_minor": 1000, "currency": "EUR", "interval": "year", "interval_count": 1},
    )  # fmt: skip
    books.holds(
        "unified.products", {"id": "prod_a", "name": "Seats"}, {"id": "prod_b", "name": "Team"}
    )
    books.holds("unified.prices", {"id": "price_a", "nickname": "old", "unit_amount_minor": 500})
    own = subject(subscription_id="sub_1")
    assert {
        name: books.tells(name, own, "EUR" if CATALOGUE[name].kind.type == "money" else None)
        for name in CATALOGUE
        if name.startswith("subscription.")
    } == {
        "subscription.plan": "Team", "subscription.interval": "year", "subscription.intervals": 1,
        "subscription.quantity": 9, "subscription.amount": 8000,
        "subscription.is_trialing": True, "subscription.trial_days": 4,
        "subscription.age_days": 400, "subscription.period_ends_on": "2026-12-03",
        "subscription.is_ending": True,
    }  # fmt: skip
    assert books.tells("subscription.is_trialing", subject(subscription_id="sub_1",
                       moment=NOW + 5 * DAY)) is False  # fmt: skip
    assert books.tells("unified.prices.nickname", own) == "old"
    assert books.tells("unified.products.name", own) == "Seats"
    assert books.tells("subscription.plan", subject()) is None


def entry(
    document: str, amount: int, days_ago: int, due_days_ago: int | None, contact="customer/7"
):
    return {"connection_id": "conn_books", "document_id": document, "entry_number": 1,
            "contact_id": contact, "account_role": "accounts_receivable", "currency": "EUR",
            "amount_minor": amount, "issued_on": (NOW - days_ago * DAY).date(),
            "due_on": None if due_days_ago is None else (NOW - due_days_ago * DAY).date(),
            }  # fmt: skip


def test_the_books_tell_what_their_own_customer_owes_oldest_first(books: Books):
    """Billed 100, 80 and 50; paid 120: the second is half open, the third whole."""
    books.holds("unified.customers", ADA)
    books.holds(
        "unified.accounting_contacts",
        {"connection_id": "conn_books", "id": "customer/7", "name": "A. Byron",
         "email": "ADA@example.com", "is_customer": True},
        {"connection_id": "conn_books", "id": "customer/8", "name": "ada byron", "email": None,
         "is_customer": True},
        {"connection_id": "conn_books", "id": "vendor/9", "name": "Ada Byron",
         "email": "ada@example.com", "is_customer": False},
    )  # fmt: skip
    books.holds(
        "unified.accounting_entries", entry("invoice/1", 10_000, 90, 60),
        entry("invoice/2", 8_000, 50, 20), entry("invoice/3", 5_000, 5, -25),
        entry("payment/1", -12_000, 10, None), entry("invoice/4", 999, 50, 20, "customer/8"),
    )  # fmt: skip
    books.holds(
        "unified.accounting_entries",
        {**entry("invoice/5", 777, 3, 1), "account_role": "line"},
    )
    assert books.tells("books.is_known", subject()) is True
    assert books.tells("books.open_receivable", subject(), "EUR") == 11_000
    assert books.tells("books.open_receivable", subject(), "USD") == 0
    assert books.tells("books.billed", subject(), "EUR") == 23_000
    assert books.tells("books.open_documents", subject()) == 2
    assert books.tells("books.days_past_due", subject()) == 20
    # Before the payment came, the first was open as well.
    then = subject(moment=NOW - 11 * DAY)
    assert books.tells("books.open_receivable", then, "EUR") == 18_000
    assert books.tells("books.days_past_due", then) == 49
    assert books.tells("books.is_known", subject(customer_id="cus_bob")) is None
    assert books.tells("unified.accounting_contacts.id", subject()) == "customer/7"


def line(n: int, days_ago: int, amount: int, counterparty: str, **more):
    return {"connection_id": "conn_bank", "id": f"line_{n}", "provider": "plaid", "currency": "EUR",
            "status": "succeeded", "amount_minor": amount, "counterparty": counterparty,
            "occurred_at": NOW - days_ago * DAY, **more}  # fmt: skip


def test_the_banks_tell_what_came_from_the_payer_and_what_the_accounts_hold(books: Books):
    books.holds("unified.customers", ADA)
    books.holds("unified.invoices", {"id": "in_1", "customer_id": "cus_ada", "number": "INV-2041",
                "created_at": NOW - 20 * DAY})  # fmt: skip
    books.holds(
        "unified.transactions", line(1, 40, 5000, "ADA BYRON"), line(2, 8, 4900, " Ada Byron "),
        line(3, 2, -100, "Ada Byron"), line(4, 1, 9, "Somebody"),
        line(5, 3, 4900, "B. Ank", reference="rf inv-2041"),
        line(6, 1, 9, "Ada Byron", provider="stripe"),
    )  # fmt: skip
    books.holds(
        "unified.accounts",
        {"connection_id": "conn_bank", "id": "acc_1", "type": "depository", "iban": "IE1"},
        {"connection_id": "conn_other", "id": "acc_x", "type": "depository", "iban": "IE1"},
        {"connection_id": "conn_bank", "id": "acc_2", "type": "depository"},
        {"connection_id": "conn_bank", "id": "acc_3", "type": "credit"},
    )  # fmt: skip
    # An account without an IBAN that two connections show, as reconciliation found.
    books.holds("unified.accounts", {"connection_id": "conn_third", "id": "acc_y",
                "type": "depository"})  # fmt: skip
    books.holds("marts.dim_bank_account_sources", *(
        {"connection_id": connection, "id": account, "bank_connection_id": "conn_bank",
         "bank_account_id": "acc_2"}
        for connection, account in (("conn_bank", "acc_2"), ("conn_third", "acc_y"))))  # fmt: skip
    reported = {"type": "booked", "currency": "EUR"}
    books.holds(
        "unified.balances",
        *(
            {**reported, "connection_id": connection, "account_id": account, "amount_minor": amount,
             "reported_on": (NOW - days * DAY).date(), "reported_at": NOW - days * DAY}
            for connection, account, amount, days in (
                ("conn_bank", "acc_1", 70_000, 9), ("conn_bank", "acc_1", 50_000, 1),
                ("conn_other", "acc_x", 49_000, 2), ("conn_bank", "acc_2", 1_000, 3),
                ("conn_bank", "acc_3", -9_000, 1),
                ("conn_third", "acc_y", 990, 9),
            )
        ),
    )  # fmt: skip
    assert books.tells("bank.last_deposit", subject(), "EUR") == 4900
    assert books.tells("bank.last_deposit", subject(), "USD") is None
    assert books.tells("bank.days_since_deposit", subject()) == 8
    assert books.tells("bank.deposits", subject()) == 2
    assert books.tells("bank.deposits", subject(moment=NOW - 30 * DAY)) == 1
    assert books.tells("bank.names_invoice", subject(invoice_id="in_1")) is True
    earlier = subject(invoice_id="in_1", moment=NOW - 4 * DAY)
    assert books.tells("bank.names_invoice", earlier) is False
    assert books.tells("bank.balance", subject(), "EUR") == 51_000
    assert books.tells("bank.balance", subject(moment=NOW - 5 * DAY), "EUR") == 70_990
    assert books.tells("bank.balance", subject(), "USD") is None


def test_what_the_models_found_is_told_of_the_newest_deposit_where_they_were_sure(books: Books):
    books.holds("unified.customers", ADA)
    books.holds("unified.transactions", line(1, 40, 5000, "Ada Byron"),
                line(2, 8, 4900, "Ada Byron"))  # fmt: skip
    found = {"connection_id": "conn_bank", "confidence": 0.9, "abstained": False}
    books.holds(
        "unified.enrichments",
        {**found, "transaction_id": "line_1", "facet": "category", "value": "refunds"},
        {**found, "transaction_id": "line_2", "facet": "category", "value": "sales"},
        {**found, "transaction_id": "line_2", "facet": "recurring", "value": "monthly"},
        {**found, "transaction_id": "line_2", "facet": "anomaly", "value": "amount",
         "abstained": True},
    )  # fmt: skip
    assert books.tells("enrichment.category", subject()) == "sales"
    assert books.tells("enrichment.recurring", subject()) == "monthly"
    assert books.tells("enrichment.anomaly", subject()) is None


def test_any_column_of_an_own_row_is_read_and_one_of_somebody_else_s_is_not(books: Books):
    books.holds("unified.customers", {**ADA, "balance_minor": 250, "currency": "EUR",
                "delinquent": True, "created_at": datetime(2024, 5, 1, 23, tzinfo=UTC)},
                {"id": "cus_bob", "country": "DE"})  # fmt: skip
    books.holds("unified.invoices", {"id": "in_1", "payment_id": "pi_1", "attempt_count": 3,
                "discount_ids": ["di_1"], "currency": "EUR"})  # fmt: skip
    books.holds("unified.payments", {"id": "pi_1", "description": "Seats"})
    books.holds("marts.dim_customers", {"customer_id": "cus_ada", "status": "past_due",
                "currency": "EUR", "mrr_minor": 4900})  # fmt: skip
    own = subject(invoice_id="in_1")
    wanted = [Wanted(name) for name in (
        "unified.customers.country", "unified.customers.delinquent",
        "unified.customers.created_at", "unified.invoices.attempt_count",
        "unified.invoices.discount_ids", "unified.payments.description",
        "marts.dim_customers.status", "payer.status",
    )]  # fmt: skip
    wanted += [Wanted("unified.customers.balance_minor", "EUR"), Wanted("payer.mrr", "EUR"),
               Wanted("unified.customers.balance_minor", "USD")]  # fmt: skip
    bob = subject(customer_id="cus_bob")
    assert books.known(own, bob, wanted=wanted) == [
        {
            "unified.customers.country": "IE", "unified.customers.delinquent": True,
            "unified.customers.created_at": "2024-05-01",
            "unified.invoices.attempt_count": 3, "unified.invoices.discount_ids": ("di_1",),
            "unified.payments.description": "Seats", "marts.dim_customers.status": "past_due",
            "payer.status": "past_due", "unified.customers.balance_minor:EUR": 250,
            "payer.mrr:EUR": 4900,
        },
        {"unified.customers.country": "DE"},
    ]  # fmt: skip


def test_another_tenant_s_rows_are_told_of_nobody(books: Books, known_warehouse):
    other = Books(known_warehouse, type(books.tenant)("ws_" + str(books.tenant)[3:][::-1]))
    other.holds("unified.customers", ADA)
    other.holds("unified.payment_attempts", attempt(1, 1, 4900))
    other.holds("unified.accounting_contacts", {"id": "customer/7", "email": "ada@example.com",
                "is_customer": True})  # fmt: skip
    wanted = [
        Wanted(name, "EUR" if fact.kind.type == "money" else None)
        for name, fact in CATALOGUE.items()
    ]
    assert books.known(subject(), wanted=wanted) == [{}]
    assert other.known(subject(), wanted=wanted) != [{}]


@pytest.mark.parametrize("table", sorted({one.table for one in columns().values()}))
def test_every_column_that_can_be_named_can_be_read(books: Books, table):
    names = [name for name, one in columns().items() if one.table == table]
    whole = subject(invoice_id="in_1", subscription_id="sub_1", payment_id="pi_1", charge_id="ch_1",
                    dispute_id="dp_1")  # fmt: skip
    assert names
    assert books.known(whole, wanted=[Wanted(name) for name in names]) == [{}]


def test_who_somebody_is_is_told_from_what_something_is_called():
    assert is_personal("unified.customers.email")
    assert is_personal("unified.accounting_contacts.name")
    assert not is_personal("unified.products.name")
    assert not is_personal("unified.customers.country")
    assert not is_personal("books.open_receivable")


def test_more_are_asked_than_one_request_holds(books: Books):
    """The parameters of a request are limited: what is asked is asked in shares, in order."""
    known = [0, 2499, 2500, 9999, 10_000, 10_001]
    books.holds("unified.customers", *({"id": f"cus_{n}", "country": "IE"} for n in known))
    asked = [subject(customer_id=f"cus_{n}") for n in range(10_002)]
    found = books.known(*asked, wanted=[Wanted("payer.country")])
    assert [n for n, one in enumerate(found) if one] == known


def test_facts_that_are_asked_together_say_what_they_say_alone(books: Books):
    """Two payers in two currencies; the rows of a statement are found once for all its facts."""
    books.holds("unified.customers", ADA, {"id": "cus_bob", "email": "bob@example.com"})
    books.holds(
        "unified.payment_attempts", attempt(1, 100, 4900), attempt(3, 10, 700, currency="USD")
    )
    books.holds("unified.accounting_contacts",
                {"connection_id": "conn_books", "id": "customer/7", "name": "Ada Byron",
                 "is_customer": True},
                {"connection_id": "conn_books", "id": "customer/8", "email": "bob@example.com",
                 "is_customer": True})  # fmt: skip
    books.holds("unified.accounting_entries", entry("invoice/1", 10_000, 90, 60),
                entry("invoice/4", 999, 50, 20, "customer/8"),
                {**entry("invoice/5", 50, 50, 20, "customer/8"), "currency": "USD"})  # fmt: skip
    asked = [subject(), subject(customer_id="cus_bob", moment=NOW - 30 * DAY)]
    wanted = [
        Wanted(name, currency)
        for name, fact in CATALOGUE.items()
        for currency in (("EUR", "USD") if fact.kind.type == "money" else (None,))
    ]
    alone = [dict[str, object](), dict[str, object]()]
    for one in wanted:
        for known, found in zip(alone, books.known(*asked, wanted=[one]), strict=True):
            known |= found
    assert books.known(*asked, wanted=wanted) == alone
    assert alone[0]["payer.lifetime_paid:USD"] == 700
    assert (alone[1]["books.billed:EUR"], alone[1]["books.billed:USD"]) == (999, 50)
    assert alone[1]["books.days_past_due"] == -10

    requests: list[TenantQuery] = []

    def rows(query: TenantQuery, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        requests.append(query)
        return books.warehouse.tenant_rows(books.tenant, query, values)

    of_the_books = [one for one in wanted if one.fact.startswith("books.")]
    read_facts(Asking(rows, lambda _: True), asked, of_the_books)
    # Debts in each currency, the rest along with the first; and whether they are known.
    assert len(requests) == 3


def test_statements_are_tenant_queries_that_name_their_tables():
    for name, fact in CATALOGUE.items():
        assert isinstance(together([fact]), TenantQuery)
        assert {table.partition(".")[0] for table in fact.tables} <= {"unified", "marts"}, name
