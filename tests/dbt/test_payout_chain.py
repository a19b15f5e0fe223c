"""Does the money's way from the invoice into the books tie out, step by step?"""

from collections import Counter
from typing import Any

from core.warehouse import Warehouse
from sandbox.company.calendar import midnight
from tests.dbt import balance_rows, moved_rows
from tests.dbt.company import BANKED_UNTIL, WORKSPACE, Company
from tests.dbt.test_ledger import documents

STEPS = (
    "invoice_to_payments", "payment_to_charges", "charge_to_balance", "balance_to_payout",
    "payout_to_deposits", "deposit_to_entries",
)  # fmt: skip


def chain(warehouse: Warehouse, step: str, workspace: str = WORKSPACE) -> list[dict[str, Any]]:
    return warehouse.rows(
        "select thing_id, next_ids, currency, next_currency, amount_minor, next_amount_minor,"
        " residual_minor, reason from marts.fct_cash_chain"
        " where workspace_id = {workspace:String} and step = {step:String} order by thing_id",
        {"workspace": workspace, "step": step},
    )


def test_every_automatic_payout_is_the_sum_of_its_lines_and_they_are_stripe_s_own(
    built: Warehouse, company: Company
) -> None:
    """Stripe lists a payout's lines by request; the sandbox knows which they are."""
    payouts = {p["id"]: p for p in documents(company, "stripe_payout") if p["automatic"]}
    rows = {row["thing_id"]: row for row in chain(built, "balance_to_payout")}
    waiting = rows.pop("", None)
    assert rows.keys() == payouts.keys()
    assert len(rows) > 300
    assert {(row["residual_minor"], row["reason"]) for row in rows.values()} == {(0, "")}
    assert {row["next_amount_minor"] for row in rows.values()} == {
        payout["amount"] for payout in payouts.values()
    }
    assert waiting is None or waiting["reason"] == "not_paid_out"
    # What no payout took is what the balance still holds, currency by currency.
    held: Counter[str] = Counter()
    for line in documents(company, "stripe_balance_transaction"):
        held[line["currency"].upper()] += line["net"]
    left = {
        row["currency"]: row["amount_minor"]
        for row in chain(built, "balance_to_payout")
        if row["thing_id"] == ""
    }
    assert left == {currency: amount for currency, amount in held.items() if amount}


def test_nothing_is_lost_between_an_invoice_and_the_balance(
    built: Warehouse, company: Company
) -> None:
    invoices = {
        invoice["id"]: invoice
        for invoice in documents(company, "stripe_invoice")
        if invoice["status"] in ("open", "paid", "uncollectible")
    }
    rows = {row["thing_id"]: row for row in chain(built, "invoice_to_payments")}
    assert rows.keys() == invoices.keys()
    for identity, row in rows.items():
        invoice = invoices[identity]
        assert row["residual_minor"] == invoice["amount_remaining"]
        assert row["reason"] == ("" if invoice["status"] == "paid" else invoice["status"])
    for step in ("payment_to_charges", "charge_to_balance"):
        found = chain(built, step)
        assert len(found) > 300
        assert {row["residual_minor"] for row in found} == {0}
        assert {row["reason"] for row in found} <= {"", "converted"}
        assert all((row["reason"] == "converted") == (row["currency"] != row["next_currency"])
                   for row in found)  # fmt: skip


def test_what_is_left_between_payout_bank_and_books_is_what_was_injected(
    built: Warehouse, company: Company
) -> None:
    world = company.banked.world
    truth = {row["payout_id"]: row for row in world.reconciliation_truth(midnight(BANKED_UNTIL))}
    lines = {line.id: line for held in world.bank.accounts for line in world.bank.lines(held.id)}
    amounts = {payout.id: payout.amount for payout in world.spec.payouts}
    rows = chain(built, "payout_to_deposits")
    assert {row["thing_id"] for row in rows} == truth.keys()
    for row in rows:
        fault = truth[row["thing_id"]]["fault"]
        shown = truth[row["thing_id"]]["bank_line_ids"]
        assert row["amount_minor"] == amounts[row["thing_id"]]
        if fault == "missing_deposit":
            assert (row["residual_minor"], row["reason"]) == (
                row["amount_minor"], "missing_in_bank"
            )  # fmt: skip
        elif fault == "bank_fee":
            kept = row["amount_minor"] - sum(lines[name].amount for name in shown)
            assert (row["residual_minor"], row["reason"]) == (kept, "matched_with_fee")
        else:
            assert row["residual_minor"] == 0
        assert {name.split("_", 1)[1] for name in row["next_ids"]} == set(shown)
    wrong = {row["reason"] for row in chain(built, "deposit_to_entries") if row["residual_minor"]}
    assert wrong == {"amount_differs", "duplicate", "missing_in_books"}


def test_a_guest_s_charge_is_one_once_its_customer_is_named(
    built: Warehouse, company: Company
) -> None:
    """Under both keys it was collected twice: 500 JPY received, 1000 charged."""
    told = {
        step: [
            (row["thing_id"], row["next_ids"], row["amount_minor"], row["residual_minor"])
            for row in chain(built, step, moved_rows.WORKSPACE)
        ]
        for step in ("payment_to_charges", "charge_to_balance")
    }
    assert told == {
        "payment_to_charges": [("pi_guest", ["ch_guest"], 500, 0)],
        "charge_to_balance": [("ch_guest", [], 500, 500)],
    }


def test_what_a_person_pays_out_is_a_line_of_the_next_automatic_payout(
    built: Warehouse, company: Company
) -> None:
    """200.00 - 20.00 not captured - 40.40 sent by hand = 139.60; of 5.00 more, 2.00 are sent."""
    told = [
        (row["thing_id"], row["amount_minor"], row["next_amount_minor"], row["reason"])
        for row in chain(built, "balance_to_payout", balance_rows.WORKSPACE)
    ]
    assert told == [("", 300, 0, "not_paid_out"), ("po_rest", 13_960, 13_960, "")]
    lines = built.rows(
        "select id, net_minor, payout_id from marts.int_reconciliation__payout_lines final"
        " where workspace_id = {workspace:String} and category = 'payout' order by id",
        {"workspace": balance_rows.WORKSPACE},
    )
    assert [tuple(line.values()) for line in lines] == [
        ("txn_hand", -200, ""), ("txn_instant", -4_040, "po_rest")
    ]  # fmt: skip


def test_a_sale_of_which_less_was_captured_is_booked_in_two_movements(
    built: Warehouse, company: Company
) -> None:
    told = [
        (row["thing_id"], row["next_ids"], row["amount_minor"], row["next_amount_minor"],
         row["reason"])
        for row in chain(built, "charge_to_balance", balance_rows.WORKSPACE)
    ]  # fmt: skip
    assert told == [
        ("ch_less", ["txn_back", "txn_less"], 8_000, 8_000, ""),
        ("ch_more", ["txn_more"], 500, 500, ""),
        ("ch_whole", ["txn_whole"], 10_000, 10_000, ""),
    ]
    # What was not captured is no refund: 185.00 are sold, and settled.
    accounts = built.rows(
        "select account_code, sum(amount_minor) as minor from marts.fct_ledger_entries final"
        " where workspace_id = {workspace:String} and account_code in ('4010', '4900', '1150')"
        " group by account_code having minor != 0",
        {"workspace": balance_rows.WORKSPACE},
    )
    assert accounts == [{"account_code": "4010", "minor": -18_500}]


def test_money_sent_to_the_processor_is_nothing_to_look_at(
    built: Warehouse, company: Company
) -> None:
    """Its top-ups are a month's largest lines that name it: none of them is unexplained."""
    told = built.rows(
        "select verdict, books_verdict, count() as lines, sum(amount_minor) as minor"
        " from marts.fct_deposit_reconciliation final"
        " where workspace_id = {workspace:String} and (connection_id, id) in ("
        "  select connection_id, id from marts.fct_own_transfers final"
        "  where workspace_id = {workspace:String} and kind = 'topup')"
        " group by verdict, books_verdict",
        {"workspace": WORKSPACE},
    )
    sql = "select amount from entries where type = 'topup'"
    sent = [amount for (amount,) in company.books.connection.execute(sql)]
    assert told == [
        {"verdict": "matched", "books_verdict": "matched", "lines": len(sent),
         "minor": -sum(sent)}
    ]  # fmt: skip
    assert sent
