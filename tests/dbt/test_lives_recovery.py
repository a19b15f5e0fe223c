"""Do the recovery marts tell what became of every refusal? Against the facts of the lives.

Beside the company, a workspace made by hand: codes that nobody knows, and advice that forbids.
"""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from core.warehouse import Warehouse
from sandbox.company.facts import NEVER, Attempt, Customer, Invoice
from sandbox.company.life import live
from tests.dbt import moved_rows
from tests.dbt.company import SPEC, WORKSPACE, Company

HAND = "ws_refused"
AT = 1_767_225_600  # 2026-01-01 00:00, a Thursday
REASONS = {
    "insufficient_funds": "funds", "card_velocity_exceeded": "funds", "generic_decline": "issuer",
    "do_not_honor": "issuer", "expired_card": "card_data", "incorrect_cvc": "card_data",
    "authentication_required": "authentication", "processing_error": "technical",
    "lost_card": "card_blocked", "stolen_card": "card_blocked",
    "transaction_not_allowed": "not_permitted", "debit_not_authorized": "revoked",
}  # fmt: skip
HARD = {
    "authentication_required", "lost_card", "stolen_card", "transaction_not_allowed",
    "debit_not_authorized",
}  # fmt: skip


def charge(name: str, hour: int, outcome: dict[str, Any] | None, **fields: Any) -> dict[str, Any]:
    return {
        "id": name, "object": "charge", "amount": 5000, "currency": "usd", "amount_refunded": 0,
        "amount_captured": 0 if outcome else 5000, "captured": True,
        "status": "failed" if outcome else "succeeded", "created": AT + hour * 3600,
        "failure_code": "card_declined" if outcome else None, "outcome": outcome,
        "payment_method_details": {"type": "card", "card": {"country": "US"}}, **fields,
    }  # fmt: skip


CHARGES = [
    # An unknown code, then advice against a code that would allow, then the money.
    charge("ch_r1", 10, {"reason": "a_new_code"}, payment_intent="pi_r1"),
    charge(
        "ch_r2", 34, {"reason": "insufficient_funds", "advice_code": "do_not_try_again"},
        payment_intent="pi_r1",
    ),
    charge("ch_r3", 60, None, payment_intent="pi_r1", balance_transaction="txn_r3"),
    # The network's advice alone; nothing more was tried.
    charge(
        "ch_r4", 5, {"reason": "do_not_honor", "network_advice_code": "21"},
        payment_intent="pi_r2", amount=999,
    ),
]  # fmt: skip
SETTLED = {
    "id": "txn_r3", "amount": 5000, "fee": 175, "net": 4825, "currency": "usd", "type": "charge",
    "reporting_category": "charge", "created": AT + 60 * 3600, "available_on": AT + 5 * 86_400,
    "status": "pending", "source": "ch_r3",
}  # fmt: skip


@pytest.fixture(scope="module")
def marts(built: Warehouse, company: Company) -> Any:
    def ask(sql: str, workspace: str = WORKSPACE) -> list[tuple[Any, ...]]:
        rows = built.rows(sql.format(where=f"workspace_id = '{workspace}'"))
        return [tuple(row.values()) for row in rows]

    return ask


@pytest.fixture(scope="module")
def refused() -> list[tuple[Customer, Invoice]]:
    """Every invoice of the company of which an attempt was refused."""
    lives = [live(SPEC.seed, i, SPEC.start_at, SPEC.until_at) for i in range(SPEC.scale)]
    return [
        (customer, invoice) for customer in lives for invoice in customer.invoices
        if any(attempt.decline for attempt in invoice.attempts)
    ]  # fmt: skip


def failed_at(attempt: Attempt) -> int:
    return attempt.failed_at or attempt.at


def kept(invoice: Invoice) -> int:
    """What was paid of an invoice, less what was refunded or is in a payer's bank's hands."""
    gone = 0
    for attempt in invoice.attempts:
        gone += sum(refund.amount for refund in attempt.refunds if refund.at < SPEC.until_at)
        dispute = attempt.dispute
        if dispute is not None and dispute.at < SPEC.until_at:
            is_back = dispute.won and dispute.closed_at < SPEC.until_at
            gone += 0 if is_back else dispute.amount
    return max(0, invoice.total - gone)


def test_every_attempt_of_a_refused_invoice_is_the_fact(
    refused: list[tuple[Customer, Invoice]], marts: Any
) -> None:
    told = marts(
        "select episode_id, attempt_id, attempt_number, toUnixTimestamp(attempted_at),"
        " attempted_hour, attempted_weekday, outcome, method, country, decline_code, reason,"
        " severity, previous_decline_code, toUnixTimestamp(settled_at), provider, is_same_method"
        " from marts.fct_recovery_attempts final where {where}"
    )
    truth = []
    for _, invoice in refused:
        before, method_before = "", ""
        for number, attempt in enumerate(sorted(invoice.attempts, key=lambda a: a.at), 1):
            code, method = attempt.decline or "", attempt.method
            made = datetime.fromtimestamp(attempt.at, UTC)
            outcome = "succeeded" if attempt.settled_at else "pending"
            settled = attempt.entry.available_on if attempt.settled_at and attempt.entry else None
            severity = ("hard" if code in HARD else "soft") if code else ""
            # The sandbox's advice forbids nothing that the code would allow.
            truth.append(
                (invoice.id, attempt.id, number, attempt.at, made.hour, made.isoweekday(),
                 "failed" if code else outcome, method.kind, method.country, code,
                 REASONS[code] if code else "", severity, before, settled, "stripe",
                 method.id == method_before)
            )  # fmt: skip
            before, method_before = code, method.id
    assert len(truth) > 40
    assert sorted(told) == sorted(truth)


def test_every_episode_ends_as_the_facts_say_and_counts_money_once_it_is_there(
    refused: list[tuple[Customer, Invoice]], marts: Any
) -> None:
    told = marts(
        "select episode_id, customer_id, lower(currency), amount_minor, decline_code, outcome,"
        " retries_made, recovered_by_attempt, recovered_minor, at_risk_minor,"
        " toUnixTimestamp(opened_at), toUnixTimestamp(settled_at)"
        " from marts.fct_recovery_episodes final where {where}"
    )
    truth = []
    for customer, invoice in refused:
        attempts = sorted(invoice.attempts, key=lambda a: a.at)
        first = next(a for a in attempts if a.decline)
        won = next((n for n, a in enumerate(attempts, 1) if a.decline is None), 0)
        is_paid = invoice.paid_at < SPEC.until_at
        subscription = invoice.subscription
        is_lost = min(invoice.uncollectible_at, invoice.voided_at) < NEVER or (
            subscription is not None and subscription.ended_at < NEVER
        )
        outcome = "recovered" if is_paid else "lost" if is_lost else "open"
        entry = attempts[won - 1].entry if won else None
        truth.append(
            (invoice.id, customer.id, customer.currency, invoice.total, first.decline, outcome,
             sum(a.at > first.at for a in attempts), won if is_paid else 0,
             kept(invoice) if is_paid else 0, invoice.total if outcome == "open" else 0,
             failed_at(first), entry.available_on if is_paid and entry else None)
        )  # fmt: skip
    assert sorted(told) == sorted(truth)
    assert {"recovered", "lost"} <= {row[5] for row in truth}
    assert any(0 < row[8] < row[3] or (row[5] == "recovered" and row[8] == 0) for row in truth)


@pytest.fixture(scope="module")
def by_hand(marts: Any, land: Any, dbt: Any) -> Any:
    for body in CHARGES:
        land("stripe_charge", HAND, [(body["id"], AT * 1_000_000, json.dumps(body))])
    dbt("run", "--select", "path:models/marts/recovery")
    return marts


def test_an_unknown_code_is_soft_and_advice_that_forbids_goes_before_the_code(
    by_hand: Any,
) -> None:
    told = by_hand(
        "select attempt_id, decline_code, reason, severity, is_retriable, is_retry"
        " from marts.fct_recovery_attempts final where {where} order by attempt_id",
        HAND,
    )
    assert told == [
        ("ch_r1", "a_new_code", "issuer", "soft", True, False),
        ("ch_r2", "insufficient_funds", "funds", "hard", False, True),
        ("ch_r3", "", "", "", False, True),
        ("ch_r4", "do_not_honor", "issuer", "hard", False, False),
    ]


def test_recovered_money_counts_from_the_day_on_which_it_settles(
    by_hand: Any, land: Any, dbt: Any
) -> None:
    episodes = (
        "select episode_id, amount_band, outcome, recovered_by_attempt, toString(settled_at)"
        " from marts.fct_recovery_episodes final where {where} order by episode_id"
    )
    lost = ("pi_r2", "under 10", "open", 0, None)
    assert by_hand(episodes, HAND) == [("pi_r1", "50 to 100", "recovered", 3, None), lost]
    land("stripe_balance_transaction", HAND, [("txn_r3", AT * 1_000_000, json.dumps(SETTLED))])
    dbt("run", "--select", "fct_settlements", "path:models/marts/recovery")
    assert by_hand(episodes, HAND) == [
        ("pi_r1", "50 to 100", "recovered", 3, "2026-01-06 00:00:00.000"), lost,
    ]  # fmt: skip


def test_a_payment_is_of_no_invoice_any_more_when_that_is_taken_back(marts: Any) -> None:
    told = "select payment_id, invoice_id from marts.fct_failed_payments final where {where}"
    assert marts(told, moved_rows.UNLINKED) == [("pi_third", None)]
    told = "select episode_id, amount_minor, attempts_made from marts.fct_recovery_episodes final"
    assert marts(told + " where {where}", moved_rows.UNLINKED) == [("pi_third", 6_000, 1)]
