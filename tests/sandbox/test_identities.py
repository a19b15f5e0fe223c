"""Does the demo company add up?

Sums that must hold to the cent between objects, and against the company's books.
"""

from collections import defaultdict
from typing import Any

import httpx
import pytest

from sandbox.process import RunningSandbox

PATHS = {
    "balance_transaction": "balance_transactions",
    "charge": "charges",
    "credit_note": "credit_notes",
    "customer": "customers",
    "dispute": "disputes",
    "event": "events",
    "invoice": "invoices",
    "invoice_payment": "invoice_payments",
    "payment_intent": "payment_intents",
    "payment_method": "payment_methods",
    "payout": "payouts",
    "refund": "refunds",
    "setup_intent": "setup_intents",
    "subscription": "subscriptions",
    "topup": "topups",
    "transfer": "transfers",
}


def walk(client: httpx.Client, path: str, **params: Any) -> list[dict[str, Any]]:
    """Every object of a list."""
    found: list[dict[str, Any]] = []
    while True:
        page = client.get(path, params={"limit": 100, **params}).raise_for_status().json()
        found += page["data"]
        if not page["has_more"]:
            return found
        params["starting_after"] = page["data"][-1]["id"]


@pytest.fixture(scope="module")
def client(stripe_sandbox: RunningSandbox):
    with httpx.Client(base_url=stripe_sandbox.url, auth=(stripe_sandbox.api_key, "")) as found:
        yield found


@pytest.fixture(scope="module")
def company(client: httpx.Client) -> dict[str, list[dict[str, Any]]]:
    """Every object of the company, by kind."""
    return {
        kind: walk(client, f"/v1/{path}", **({"status": "all"} if kind == "subscription" else {}))
        for kind, path in PATHS.items()
    }


def test_a_payouts_members_sum_to_it_and_every_settled_movement_has_one_payout(
    client, company, stripe_sandbox
) -> None:
    truth = {payout["id"]: payout for payout in stripe_sandbox.books.payouts()}
    assert truth.keys() == {payout["id"] for payout in company["payout"]}
    seen: set[str] = set()
    for payout in company["payout"][:60]:
        members = walk(client, "/v1/balance_transactions", payout=payout["id"])
        others = [member for member in members if member["type"] != "payout"]
        assert (
            sum(member["net"] for member in others)
            == payout["amount"]
            == truth[payout["id"]]["amount"]
        )
        assert {member["currency"] for member in members} == {payout["currency"]}
        assert sorted(member["id"] for member in others) == truth[payout["id"]]["members"]
        assert [member["amount"] for member in members if member["type"] == "payout"] == [
            -payout["amount"]
        ]
        assert all(
            member["created"] <= payout["created"]
            and member["available_on"] <= payout["arrival_date"]
            for member in members
        )
        ids = {member["id"] for member in others}
        assert not ids & seen
        seen |= ids


def test_the_balance_is_what_the_movements_add_up_to(client, company, stripe_sandbox) -> None:
    sums: defaultdict[str, int] = defaultdict(int)
    for entry in company["balance_transaction"]:
        assert entry["net"] == entry["amount"] - entry["fee"]
        assert entry["fee"] == sum(detail["amount"] for detail in entry["fee_details"])
        sums[entry["currency"]] += entry["net"]
    balance = client.get("/v1/balance").json()
    shown: defaultdict[str, int] = defaultdict(int)
    for part in (*balance["available"], *balance["pending"]):
        shown[part["currency"]] += part["amount"]
    assert dict(shown) == dict(sums)
    assert dict(sums) == {
        currency: by_day["2026-11-19"]
        for currency, by_day in stripe_sandbox.books.balances().items()
    }


def test_an_invoices_lines_discounts_and_taxes_are_its_total(company) -> None:
    checked = 0
    for invoice in company["invoice"]:
        if invoice["lines"]["has_more"]:
            continue
        lines = invoice["lines"]["data"]
        discount = sum(part["amount"] for line in lines for part in line["discount_amounts"])
        tax = sum(part["amount"] for line in lines for part in line["taxes"])
        assert sum(line["amount"] for line in lines) == invoice["subtotal"]
        assert discount == sum(part["amount"] for part in invoice["total_discount_amounts"])
        assert tax == sum(part["amount"] for part in invoice["total_taxes"])
        assert invoice["subtotal"] - discount + tax == invoice["total"] == invoice["amount_due"]
        assert invoice["amount_paid"] + invoice["amount_remaining"] == invoice["amount_due"]
        assert (invoice["status"] == "paid") == (
            invoice["status_transitions"]["paid_at"] is not None
        )
        if invoice["currency"] == "kwd":
            assert invoice["total"] % 10 == 0
        checked += 1
    assert checked > 300
    assert {invoice["currency"] for invoice in company["invoice"]} == {
        "eur",
        "usd",
        "gbp",
        "jpy",
        "kwd",
    }


def test_a_paid_invoice_has_one_payment_one_intent_and_one_charge_of_its_amount(company) -> None:
    charges = defaultdict(list)
    for charge in company["charge"]:
        charges[charge["payment_intent"]].append(charge)
    intents = {intent["id"]: intent for intent in company["payment_intent"]}
    payments = {payment["invoice"]: payment for payment in company["invoice_payment"]}
    for invoice in company["invoice"]:
        if invoice["total"] == 0 or invoice["status"] == "draft":
            assert invoice["id"] not in payments
            continue
        payment = payments[invoice["id"]]
        intent = intents[payment["payment"]["payment_intent"]]
        succeeded = [charge for charge in charges[intent["id"]] if charge["status"] == "succeeded"]
        if invoice["status"] != "paid":
            assert succeeded == []
            assert payment["amount_paid"] is None
            continue
        assert [charge["amount"] for charge in succeeded] == [invoice["total"]]
        assert intent["latest_charge"] == succeeded[0]["id"]
        assert (intent["status"], intent["amount_received"], payment["amount_paid"]) == (
            "succeeded",
            invoice["total"],
            invoice["total"],
        )


def test_refunds_and_disputes_are_what_their_charges_say(company) -> None:
    back: defaultdict[str, int] = defaultdict(int)
    for refund in company["refund"]:
        back[refund["charge"]] += refund["amount"]
    disputed = {dispute["charge"] for dispute in company["dispute"]}
    entries = {entry["id"]: entry for entry in company["balance_transaction"]}
    for charge in company["charge"]:
        assert charge["amount_refunded"] == back[charge["id"]] <= charge["amount"]
        assert charge["disputed"] == (charge["id"] in disputed)
        entry = entries.get(charge["balance_transaction"])
        assert (entry is None) == (
            charge["status"] == "failed" and charge["failure_balance_transaction"] is None
        )
        if entry and entry["currency"] == charge["currency"]:
            assert (entry["amount"], entry["exchange_rate"]) == (charge["amount"], None)
    assert {dispute["status"] for dispute in company["dispute"]} >= {"won", "lost"}


def test_one_of_everything_happens_even_in_the_smallest_company(company, stripe_sandbox) -> None:
    codes = {
        charge["outcome"]["reason"] for charge in company["charge"] if charge["status"] == "failed"
    }
    assert codes >= {"insufficient_funds", "expired_card", "lost_card", "authentication_required"}
    assert {method["type"] for method in company["payment_method"]} == {"card", "sepa_debit"}
    assert {subscription["status"] for subscription in company["subscription"]} >= {
        "active",
        "canceled",
        "incomplete_expired",
    }
    assert {entry["type"] for entry in company["balance_transaction"]} >= {
        "adjustment", "application_fee", "charge", "payment", "payment_failure_refund",
        "payout", "refund", "stripe_fee", "topup", "transfer",
    }  # fmt: skip
    kinds = {movement["kind"] for movement in stripe_sandbox.books.movements()}
    assert kinds == {"new", "expansion", "contraction", "churn", "reactivation"}
    assert {payment["outcome"] for payment in stripe_sandbox.books.failed_payments()} >= {
        "recovered",
        "lost",
    }


def test_replaying_the_events_of_the_last_month_gives_the_objects(company) -> None:
    newest: dict[str, dict[str, Any]] = {}
    versions = set()
    events = company["event"][::-1]
    assert [event["created"] for event in events] == sorted(event["created"] for event in events)
    for event in events:
        value = event["data"]["object"]
        versions.add(event["api_version"])
        # The hour of a deletion shows the customer as it was; what is left is no longer listed.
        if event["type"] != "invoice.upcoming":
            newest[value["id"]] = event
    assert versions == {"2024-06-20", "2026-10-28.endive"}
    compared = 0
    for kind in (
        "charge",
        "customer",
        "dispute",
        "invoice",
        "invoice_payment",
        "payment_intent",
        "payment_method",
        "payout",
        "refund",
        "setup_intent",
        "subscription",
    ):
        for value in company[kind]:
            event = newest.get(value["id"])
            if event is None or event["api_version"] == "2024-06-20":
                continue
            assert event["data"]["object"] == value, (event["type"], value["id"])
            compared += 1
    assert compared > 100


def test_a_coming_renewal_is_told_of_by_an_invoice_without_id(company) -> None:
    coming = [event for event in company["event"] if event["type"] == "invoice.upcoming"]
    assert len(coming) > 5
    agreements = {subscription["id"]: subscription for subscription in company["subscription"]}
    for event in coming:
        invoice = event["data"]["object"]
        assert "id" not in invoice
        assert invoice["number"] is None
        assert invoice["period_end"] == event["created"] + 3 * 86_400
        parent = (
            invoice.get("subscription") or invoice["parent"]["subscription_details"]["subscription"]
        )
        assert agreements[parent]["customer"] == invoice["customer"]


def test_every_object_of_the_last_month_was_announced(company) -> None:
    announced = {event["data"]["object"].get("id") for event in company["event"]}
    oldest = company["event"][-1]["created"] + 86_400
    for kind in (
        "charge",
        "customer",
        "invoice",
        "payment_intent",
        "payout",
        "refund",
        "subscription",
    ):
        assert {
            value["id"] for value in company[kind] if value["created"] >= oldest
        } <= announced, kind


def test_mrr_of_the_last_day_follows_from_the_subscriptions_themselves(
    company, stripe_sandbox
) -> None:
    """An independent path: from the wire's subscriptions to the books' last day."""
    value: defaultdict[str, int] = defaultdict(int)
    for subscription in company["subscription"]:
        if (
            subscription["status"] not in ("active", "past_due")
            or subscription["discounts"]
            or subscription["items"]["has_more"]
        ):
            continue
        for item in subscription["items"]["data"]:
            amount, months = (
                item["price"]["unit_amount"] * item["quantity"],
                12 if item["price"]["recurring"]["interval"] == "year" else 1,
            )
            value[subscription["currency"]] += (amount * 2 + months) // (months * 2)
    rest = [
        item
        for item in company["subscription"]
        if item["status"] in ("active", "past_due")
        and (item["discounts"] or item["items"]["has_more"])
    ]
    truth = stripe_sandbox.books.day("2026-11-19")
    for currency in truth.keys() - {item["currency"] for item in rest}:
        assert value[currency] == truth[currency], currency
    for currency in {item["currency"] for item in rest}:
        assert truth[currency] > value[currency], currency
