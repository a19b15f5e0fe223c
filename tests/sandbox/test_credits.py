"""Does a customer's balance move as Stripe moves it, and is what was given by hand told whole?"""

import pytest
import stripe as library
from stripe import StripeClient

from sandbox.process import RunningSandbox
from tests.sandbox.test_operations import customer_with, events_of, invoice_of


def moved(live: StripeClient, customer: str) -> list[tuple[str, int, int]]:
    """Every movement of a customer's balance, oldest first: type, amount, balance after it."""
    page = live.v1.customers.balance_transactions.list(customer, {"limit": 100})
    return [(one.type, one.amount, one.ending_balance) for one in page.auto_paging_iter()][::-1]


def test_credit_pays_invoices_until_it_is_used_and_comes_back_when_one_is_voided(
    live: StripeClient,
) -> None:
    customer, _ = customer_with(live)
    given = live.v1.customers.balance_transactions.create(
        customer, {"amount": -6000, "currency": "eur", "description": "Sorry"}
    )
    assert (given.type, given.ending_balance, given.customer) == ("adjustment", -6000, customer)
    first = live.v1.invoices.retrieve(invoice_of(live, customer, 4250))
    # 42.50 of 60.00: nothing is left to pay, so it is paid at once.
    assert (first.status, first.total, first.amount_due, first.amount_paid) == ("paid", 4250, 0, 0)
    assert (first.starting_balance, first.ending_balance) == (-6000, -1750)
    second = live.v1.invoices.retrieve(invoice_of(live, customer, 2000))
    assert (second.status, second.amount_due, second.amount_remaining) == ("open", 250, 250)
    live.v1.invoices.void_invoice(second.id)
    live.v1.customers.update(customer, {"balance": 300})
    assert moved(live, customer) == [
        ("adjustment", -6000, -6000), ("applied_to_invoice", 4250, -1750),
        ("applied_to_invoice", 1750, 0), ("unapplied_from_invoice", -1750, -1750),
        ("adjustment", 2050, 300),
    ]  # fmt: skip
    # A debit is billed with the next invoice.
    third = live.v1.invoices.retrieve(invoice_of(live, customer, 1000))
    assert (third.amount_due, third.starting_balance, third.ending_balance) == (1300, 300, 0)
    assert live.v1.customers.retrieve(customer).balance == 0
    assert events_of(live, customer).count("customer.updated") == 7


def test_a_movement_is_found_under_its_customer_and_keeps_its_amount(live: StripeClient) -> None:
    customer = live.v1.customers.create({"balance": -500}).id
    (initial,) = live.v1.customers.balance_transactions.list(customer).data
    assert (initial.type, initial.amount, initial.currency) == ("initial", -500, "eur")
    changed = live.v1.customers.balance_transactions.update(
        customer, initial.id, {"description": "Carried over"}
    )
    found = live.v1.customers.balance_transactions.retrieve(customer, initial.id)
    assert (
        (found.description, found.amount) == (changed.description, -500) == ("Carried over", -500)
    )
    with pytest.raises(library.InvalidRequestError, match="currency"):
        live.v1.customers.balance_transactions.create(customer, {"amount": 1, "currency": "usd"})


def test_the_company_gave_credit_by_hand_and_its_customers_hold_it(
    stripe: StripeClient, stripe_sandbox: RunningSandbox
) -> None:
    books = stripe_sandbox.books.credits()
    assert {row["amount"] > 0 for row in books} == {True, False}
    held: dict[str, int] = {}
    for row in books:
        held[row["customer"]] = held.get(row["customer"], 0) + row["amount"]
    shown = {
        one.id: one.balance
        for one in stripe.v1.customers.list({"limit": 100}).auto_paging_iter()
        if one.balance
    }
    assert shown == held
    told = [
        {"id": one.id, "customer": one.customer, "currency": one.currency,
         "amount": one.amount, "created": one.created}
        for customer in held
        for one in stripe.v1.customers.balance_transactions.list(customer).auto_paging_iter()
    ]  # fmt: skip
    assert sorted(told, key=lambda row: (row["created"], row["id"])) == books
