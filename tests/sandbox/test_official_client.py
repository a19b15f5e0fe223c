"""Does Stripe's own Python client work against the sandbox?

Lists, retrieval, expansion, errors, keys, versions.
"""

import httpx
import pytest
import stripe as library
from stripe import StripeClient

from sandbox.process import RunningSandbox
from sandbox.stripe.endpoints import LISTS


def test_every_kind_of_object_is_listed_whole_and_counts_as_the_books_say(
    stripe: StripeClient, stripe_sandbox: RunningSandbox
) -> None:
    services = {
        "balance_transaction": stripe.v1.balance_transactions,
        "charge": stripe.v1.charges,
        "checkout.session": stripe.v1.checkout.sessions,
        "credit_note": stripe.v1.credit_notes,
        "customer": stripe.v1.customers,
        "dispute": stripe.v1.disputes,
        "invoice": stripe.v1.invoices,
        "invoiceitem": stripe.v1.invoice_items,
        "payment_intent": stripe.v1.payment_intents,
        "payout": stripe.v1.payouts,
        "refund": stripe.v1.refunds,
        "subscription": stripe.v1.subscriptions,
    }
    books = stripe_sandbox.books.counts()
    found = {}
    for kind, service in services.items():
        params = {"limit": 100} | ({"status": "all"} if kind == "subscription" else {})
        ids = [item.id for item in service.list(params).auto_paging_iter()]
        assert len(ids) == len(set(ids)), kind
        found[kind] = len(ids)
    assert found == {kind: books[kind] for kind in services}


def test_canceled_subscriptions_are_hidden_unless_asked_for(stripe: StripeClient) -> None:
    shown = {
        item.status for item in stripe.v1.subscriptions.list({"limit": 100}).auto_paging_iter()
    }
    every = {
        item.status
        for item in stripe.v1.subscriptions.list({"limit": 100, "status": "all"}).auto_paging_iter()
    }
    assert "canceled" not in shown
    assert every == shown | {"canceled"}


def test_a_list_expands_objects_along_a_path(stripe: StripeClient) -> None:
    invoices = stripe.v1.invoices.list(
        {
            "limit": 5,
            "status": "paid",
            "expand": ["data.customer", "data.payments.data.payment.payment_intent"],
        }
    )
    for invoice in invoices.data:
        assert invoice.customer.object == "customer"
        assert (
            invoice.payments.data[0].payment.payment_intent.amount_received == invoice.amount_paid
        )


def test_a_discount_that_is_over_is_expanded_as_deleted_without_its_end(
    stripe: StripeClient,
) -> None:
    subscriptions = stripe.v1.subscriptions.list({"limit": 100, "status": "all"})
    carried = {
        name for item in subscriptions.auto_paging_iter() if item.discounts
        for name in item.discounts
    }  # fmt: skip
    invoices = stripe.v1.invoices.list({"limit": 100, "expand": ["data.discounts"]})
    shown = {
        found.id: found.to_dict() for invoice in invoices.auto_paging_iter()
        for found in invoice.discounts
    }  # fmt: skip
    deleted = {name for name, found in shown.items() if found.get("deleted")}
    assert deleted == shown.keys() - carried
    assert len(deleted) > 3
    assert carried & shown.keys()
    assert deleted == {name for name, found in shown.items() if "end" not in found}


def test_a_property_that_cannot_be_expanded_is_an_error(stripe: StripeClient) -> None:
    with pytest.raises(library.InvalidRequestError, match=r"cannot be expanded \(data.nothing\)"):
        stripe.v1.charges.list({"expand": ["data.nothing"]})


def test_a_deleted_customer_is_retrieved_as_deleted_and_not_listed(
    stripe: StripeClient, stripe_sandbox: RunningSandbox
) -> None:
    listed = {item.id for item in stripe.v1.customers.list({"limit": 100}).auto_paging_iter()}
    charged = {
        charge.customer for charge in stripe.v1.charges.list({"limit": 100}).auto_paging_iter()
    }
    deleted = charged - listed
    assert len(deleted) == stripe_sandbox.books.counts()["deleted_customer"] >= 1
    for identity in deleted:
        assert stripe.v1.customers.retrieve(identity).deleted is True


def test_an_unknown_object_is_stripes_own_404(stripe: StripeClient) -> None:
    with pytest.raises(library.InvalidRequestError) as caught:
        stripe.v1.customers.retrieve("cus_nobody")
    assert caught.value.http_status == 404
    assert caught.value.code == "resource_missing"
    assert caught.value.param == "id"
    assert caught.value.request_id.startswith("req_")


def test_a_wrong_key_is_refused_and_not_shown_whole(stripe_sandbox: RunningSandbox) -> None:
    client = StripeClient(
        "sk_test_wrong_key_123456",
        base_addresses={"api": stripe_sandbox.url},
        max_network_retries=0,
    )
    with pytest.raises(library.AuthenticationError) as caught:
        client.v1.customers.list()
    assert caught.value.http_status == 401
    assert "wrong_key" not in str(caught.value)


def test_each_key_sees_its_own_company_alone(stripe_sandbox: RunningSandbox) -> None:
    companies = []
    for key in stripe_sandbox.keys:
        client = StripeClient(
            key, base_addresses={"api": stripe_sandbox.url}, max_network_retries=0
        )
        companies.append(
            {item.id for item in client.v1.customers.list({"limit": 100}).auto_paging_iter()}
        )
        assert client.v1.accounts.retrieve_current().id.endswith(str(len(companies)))
    assert not companies[0] & companies[1]


def test_the_older_version_shows_the_older_shapes(
    stripe: StripeClient, stripe_sandbox: RunningSandbox
) -> None:
    older = {"stripe_version": "2024-06-20"}
    new = stripe.v1.invoices.list({"limit": 1, "status": "paid"}).data[0].to_dict()
    old = stripe.v1.invoices.retrieve(new["id"], options=older).to_dict()
    assert new["parent"]["subscription_details"]["subscription"] == old["subscription"]
    assert {"subscription", "charge", "payment_intent", "paid", "tax"} & new.keys() == set()
    assert old["paid"] is True
    charge = stripe.v1.charges.retrieve(old["charge"], options=older).to_dict()
    assert (charge["invoice"], charge["payment_intent"]) == (new["id"], old["payment_intent"])
    agreement = stripe.v1.subscriptions.list({"limit": 1}).data[0].to_dict()
    before = stripe.v1.subscriptions.retrieve(agreement["id"], options=older).to_dict()
    assert before["current_period_end"] == agreement["items"]["data"][0]["current_period_end"]
    assert "current_period_end" not in agreement
    assert "current_period_end" not in before["items"]["data"][0]


def test_a_long_invoice_holds_ten_lines_and_lists_the_rest(stripe: StripeClient) -> None:
    long = [
        item
        for item in stripe.v1.invoices.list({"limit": 100}).auto_paging_iter()
        if item.lines.has_more
    ]
    assert long
    invoice = long[0]
    assert len(invoice.lines.data) == 10
    lines = list(stripe.v1.invoices.line_items.list(invoice.id, {"limit": 3}).auto_paging_iter())
    assert len(lines) == 14
    assert [line.id for line in lines[:10]] == [line.id for line in invoice.lines.data]
    assert sum(line.amount for line in lines) == invoice.subtotal
    agreement = stripe.v1.subscriptions.retrieve(invoice.parent.subscription_details.subscription)
    assert agreement["items"].has_more
    items = list(
        stripe.v1.subscription_items.list(
            {"subscription": agreement.id, "limit": 5}
        ).auto_paging_iter()
    )
    assert {item.id for item in items} >= {
        line.parent.subscription_item_details.subscription_item for line in lines
    }


def test_every_list_of_the_api_answers(stripe_sandbox: RunningSandbox) -> None:
    assert len(LISTS) > 80
    with httpx.Client(base_url=stripe_sandbox.url, auth=(stripe_sandbox.api_key, "")) as client:
        customer = client.get("/v1/customers").json()["data"][0]["id"]
        for path, endpoint in LISTS.items():
            params = {endpoint.required: "x"} if endpoint.required else {}
            answer = client.get(path.replace("{id}", customer), params=params)
            assert answer.status_code == 200, (path, answer.text)
            assert answer.json()["object"] == "list", path


def test_account_and_balance_are_there(stripe: StripeClient) -> None:
    account = stripe.v1.accounts.retrieve_current()
    assert (account.id, account.country, account.default_currency) == (
        "acct_1Northwind0001",
        "IE",
        "eur",
    )
    balance = stripe.v1.balance.retrieve()
    assert [part.currency for part in balance.available] == ["eur", "gbp", "usd"]
