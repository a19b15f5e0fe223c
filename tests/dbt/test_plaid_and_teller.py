"""Do lines of American banks land with the canonical sign, exactly, whatever a bank writes?"""

import itertools
import json
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.errors import InvalidInputError
from core.money import EXPONENTS, Money, exponent
from core.warehouse import Warehouse

WORKSPACES = itertools.count()
LANDED_AT = 1_790_000_000_000_000  # 2026-09-21
TRANSACTIONS = """
    select id, account_id, type, status, amount_minor, currency, pending_id,
        toString(booked_on) as on
    from unified.transactions final where workspace_id = {ws:String} order by id"""


def plaid_line(**fields: Any) -> str:
    """A line's JSON; defaults are a card purchase of 42.50 USD."""
    return json.dumps(
        {
            "transaction_id": "t", "account_id": "checking", "amount": 42.5,
            "iso_currency_code": "USD", "date": "2026-09-18", "pending": False,
            "payment_channel": "in store", "name": "PAPERCHASE 0042",
        }
        | fields
    )  # fmt: skip


def teller_line(kind: str, currency: str = "USD", **fields: Any) -> str:
    """A row of Teller's: an account of a kind, and a line of 42.50 out of a checking account."""
    line = {
        "id": "t", "amount": "-42.50", "date": "2026-09-18", "status": "posted",
        "type": "card_payment", "description": "PAPERCHASE 0042", "running_balance": "100.00",
        "details": {"category": "office", "counterparty": {"name": "Paperchase"}},
    } | fields  # fmt: skip
    account = {"id": f"acc_{kind}", "type": kind, "currency": currency}
    return json.dumps({"account": account, "transaction": line})


def rows(warehouse: Warehouse, sql: str, workspace: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in warehouse.rows(sql, {"ws": workspace})]


def amounts(warehouse: Warehouse, workspace: str) -> dict[str, tuple[int, str]]:
    found = warehouse.rows(TRANSACTIONS, {"ws": workspace})
    return {row["id"]: (row["amount_minor"], row["currency"]) for row in found}


def reasons(warehouse: Warehouse, workspace: str) -> dict[str, list[str]]:
    sql = "select source_id, reasons from unified.rejected_rows where workspace_id = {ws:String}"
    return {row["source_id"]: row["reasons"] for row in warehouse.rows(sql, {"ws": workspace})}


def test_plaid_is_positive_out_of_every_kind_of_account(built: Warehouse, land: Any) -> None:
    land("plaid_transaction", "ws_plaid_signs", [
        ("bought", 1, plaid_line(amount=42.50)),
        ("refunded", 1, plaid_line(amount=-42.50)),
        ("bought_by_card", 1, plaid_line(account_id="card", amount=42.50)),
        ("refunded_to_card", 1, plaid_line(account_id="card", amount=-42.50)),
        ("yen", 1, plaid_line(amount=-500, iso_currency_code="JPY")),
        ("dinar", 1, plaid_line(amount="-5.120", iso_currency_code="kwd")),
    ])  # fmt: skip
    assert amounts(built, "ws_plaid_signs") == {
        "bought": (-4250, "USD"), "refunded": (4250, "USD"),
        "bought_by_card": (-4250, "USD"), "refunded_to_card": (4250, "USD"),
        "yen": (500, "JPY"), "dinar": (5120, "KWD"),
    }  # fmt: skip


def test_teller_turns_the_sign_of_cards_alone(built: Warehouse, land: Any) -> None:
    land("teller_transaction", "ws_teller_signs", [
        ("bought", 1, teller_line("depository")),
        ("refunded", 1, teller_line("depository", amount="42.50")),
        ("bought_by_card", 1, teller_line("credit", amount="42.50")),
        ("refunded_to_card", 1, teller_line("credit", amount="-42.50")),
        ("yen", 1, teller_line("depository", "JPY", amount="500", running_balance=None)),
        ("dinar", 1, teller_line("depository", "KWD", amount="5.120", running_balance=None)),
    ])  # fmt: skip
    assert amounts(built, "ws_teller_signs") == {
        "bought": (-4250, "USD"), "refunded": (4250, "USD"),
        "bought_by_card": (-4250, "USD"), "refunded_to_card": (4250, "USD"),
        "yen": (500, "JPY"), "dinar": (5120, "KWD"),
    }  # fmt: skip
    sql = (
        "select id, balance_after_minor from unified.transactions final"
        " where workspace_id = {ws:String} and startsWith(id, 'bought') order by id"
    )
    assert rows(built, sql, "ws_teller_signs") == [("bought", 10000), ("bought_by_card", -10000)]


def test_balances_of_what_is_owed_are_negative_and_every_day_stays(
    built: Warehouse, land: Any
) -> None:
    def plaid(kind: str, current: Any, available: Any = None, limit: Any = None) -> str:
        balances = {
            "current": current, "available": available, "limit": limit, "iso_currency_code": "USD",
        }  # fmt: skip
        return json.dumps({"account_id": kind, "type": kind, "balances": balances})

    def teller(kind: str, ledger: str, available: str) -> str:
        account = {"id": f"t_{kind}", "type": kind, "currency": "USD"}
        return json.dumps(
            {"account": account, "balance": {"ledger": ledger, "available": available}}
        )

    day = 86_400_000_000
    land("plaid_balance", "ws_owed", [
        ("depository|1", LANDED_AT, plaid("depository", 100.1, 90)),
        ("depository|2", LANDED_AT + day, plaid("depository", 120, 110)),
        ("credit|1", LANDED_AT, plaid("credit", 42.5, 957.5, 1000)),
        ("loan|1", LANDED_AT, plaid("loan", 40540.25)),
    ])  # fmt: skip
    land("teller_balance", "ws_owed", [
        ("depository|1", LANDED_AT, teller("depository", "100.10", "90.00")),
        ("credit|1", LANDED_AT, teller("credit", "42.50", "957.50")),
        ("credit|1", LANDED_AT + 1, teller("credit", "43.50", "956.50")),
    ])  # fmt: skip
    sql = """
        select account_id, type, toString(reported_on) as on, amount_minor
        from unified.balances final where workspace_id = {ws:String} order by 1, 2, 3"""
    assert rows(built, sql, "ws_owed") == [
        ("credit", "available", "2026-09-21", 95750),
        ("credit", "booked", "2026-09-21", -4250),
        ("credit", "limit", "2026-09-21", 100000),
        ("depository", "available", "2026-09-21", 9000),
        ("depository", "available", "2026-09-22", 11000),
        ("depository", "booked", "2026-09-21", 10010),
        ("depository", "booked", "2026-09-22", 12000),
        ("loan", "booked", "2026-09-21", -4054025),
        ("t_credit", "available", "2026-09-21", 95650),
        ("t_credit", "booked", "2026-09-21", -4350),
        ("t_depository", "available", "2026-09-21", 9000),
        ("t_depository", "booked", "2026-09-21", 10010),
    ]


def test_a_pending_line_that_posts_stays_one(built: Warehouse, land: Any) -> None:
    pending = plaid_line(transaction_id="p", pending=True, date="2026-09-17")
    land("plaid_transaction", "ws_posts", [("p", 10, pending)])
    assert rows(built, TRANSACTIONS, "ws_posts") == [
        ("p", "checking", "card_payment", "pending", -4250, "USD", None, None)
    ]
    land("plaid_transaction", "ws_posts", [("p", 19, '{"transaction_id":"p"}')], is_deleted=1)
    land("plaid_transaction", "ws_posts", [("t", 20, plaid_line(pending_transaction_id="p"))])
    assert rows(built, TRANSACTIONS, "ws_posts") == [
        ("t", "checking", "card_payment", "succeeded", -4250, "USD", "p", "2026-09-18")
    ]


def test_malformed_lines_land_and_are_listed_with_their_reason(built: Warehouse, land: Any) -> None:
    land("plaid_transaction", "ws_plaid_bad", [
        ("a1", 1, plaid_line(amount="n/a")), ("a2", 1, plaid_line(amount=None)),
        ("a3", 1, plaid_line(amount=12.3456)), ("a4", 1, plaid_line(amount=1e30)),
        ("a5", 1, plaid_line(amount=0.5, iso_currency_code="JPY")),
        ("c1", 1, plaid_line(iso_currency_code="dollars")),
        ("c2", 1, plaid_line(iso_currency_code=None, unofficial_currency_code="BTC")),
        ("d1", 1, plaid_line(date="11/20/2026")), ("d2", 1, plaid_line(date="20.11.2026")),
        ("d3", 1, plaid_line(date="2026-02-30")), ("good", 1, plaid_line(date="2026-11-20")),
        ("j1", 1, "not json"), ("sha256_ab", 1, plaid_line(transaction_id=None)),
    ])  # fmt: skip
    unreadable, decimals = "amount is missing or unreadable", "amount is not whole in minor units"
    currency, date = "currency is missing or unreadable", "date is missing or unreadable"
    assert reasons(built, "ws_plaid_bad") == {
        "a1": [unreadable], "a2": [unreadable], "a3": [decimals], "a4": [unreadable],
        "a5": [decimals], "c1": [currency], "c2": [currency],
        "d1": [date], "d2": [date], "d3": [date],
        "j1": ["account_id is missing or unreadable", unreadable, currency, date,
               "pending is missing or unreadable"],
        "sha256_ab": ["transaction_id is missing or unreadable"],
    }  # fmt: skip
    assert amounts(built, "ws_plaid_bad") == {"good": (-4250, "USD")}
    land("teller_transaction", "ws_teller_bad", [
        ("a1", 1, teller_line("depository", amount="n/a")),
        ("a2", 1, teller_line("depository", amount="12.3456")),
        ("t1", 1, teller_line("annuity")), ("c1", 1, teller_line("credit", "US$")),
        ("d1", 1, teller_line("depository", date="11/20/2026")),
        ("s1", 1, teller_line("depository", status="maybe")), ("good", 1, teller_line("credit")),
        ("j1", 1, '{"account": [], "transaction": 7}'),
    ])  # fmt: skip
    kind, status = "account.type is missing or unknown", "status is missing or unknown"
    assert reasons(built, "ws_teller_bad") == {
        "a1": [unreadable], "a2": [decimals], "t1": [kind], "c1": [currency], "d1": [date],
        "s1": [status],
        "j1": ["account.id is missing or unreadable", kind, unreadable, currency, date, status],
    }  # fmt: skip
    assert amounts(built, "ws_teller_bad") == {"good": (4250, "USD")}


def test_investments_and_liabilities_are_typed(built: Warehouse, land: Any) -> None:
    ws = "ws_invested"
    land("plaid_holding", ws, [("a|s", 1, json.dumps({
        "account_id": "a", "security_id": "s", "quantity": 12.5, "institution_price": 271.38,
        "institution_value": 3392.25, "cost_basis": None, "iso_currency_code": "USD",
        "institution_price_as_of": "2026-09-18"}))])  # fmt: skip
    land("plaid_security", ws, [("s", 1, json.dumps({
        "security_id": "s", "ticker_symbol": "VTI", "type": "etf", "is_cash_equivalent": False,
        "close_price": 271.38, "close_price_as_of": "2026-09-18"}))])  # fmt: skip
    land("plaid_investment_transaction", ws, [("t", 1, json.dumps({
        "account_id": "a", "security_id": "s", "amount": 3210.4, "quantity": 12.5, "type": "buy",
        "date": "2026-02-03", "iso_currency_code": "USD"}))])  # fmt: skip
    land("plaid_liability_credit", ws, [("card", 1, json.dumps({
        "account_id": "card", "aprs": [{"apr_percentage": 21.49}, {"apr_percentage": 9}],
        "last_statement_balance": 42.5, "minimum_payment_amount": 25, "is_overdue": False,
        "next_payment_due_date": "2026-10-01"}))])  # fmt: skip
    land("plaid_liability_mortgage", ws, [("home", 1, json.dumps({
        "account_id": "home", "interest_rate": {"percentage": 3.99, "type": "fixed"},
        "next_monthly_payment": 3141.54, "next_payment_due_date": "2026-10-15",
        "origination_principal_amount": 425000}))])  # fmt: skip
    land("plaid_liability_student", ws, [("loan", 1, json.dumps({
        "account_id": "loan", "interest_rate_percentage": 5.25, "last_statement_balance": 1721,
        "minimum_payment_amount": 25, "next_payment_due_date": "2026-10-28", "is_overdue": True,
        "origination_date": "2002-08-28"}))])  # fmt: skip
    where = "final where workspace_id = {ws:String}"
    held = (
        f"select quantity, cost_basis, toString(priced_on) from staging.stg_plaid__holdings {where}"
    )
    assert rows(built, held, ws) == [("12.5", None, "2026-09-18")]
    security = (
        f"select ticker_symbol, is_cash_equivalent from staging.stg_plaid__securities {where}"
    )
    assert rows(built, security, ws) == [("VTI", False)]
    trade = f"select amount, type from staging.stg_plaid__investment_transactions {where}"
    assert rows(built, trade, ws) == [("3210.4", "buy")]
    owed = f"""
        select account_id, kind, interest_rate_percent, minimum_payment, statement_balance,
            toString(payment_due_on), is_overdue, principal, toString(originated_on)
        from staging.stg_plaid__liabilities {where} order by account_id"""
    assert rows(built, owed, ws) == [
        ("card", "credit", "21.49", "25", "42.5", "2026-10-01", False, None, None),
        ("home", "mortgage", "3.99", "3141.54", None, "2026-10-15", None, "425000", None),
        ("loan", "student", "5.25", "25", "1721", "2026-10-28", True, None, "2002-08-28"),
    ]


@settings(
    # Many lines in few examples: a landing of one costs what a landing of hundreds does.
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    wire=st.lists(
        st.tuples(
            st.integers(-(10**12), 10**12), st.integers(0, 6),
            st.sampled_from(["USD", "EUR", *sorted(EXPONENTS)]), st.booleans(),
        ),
        min_size=60, max_size=200,
    )
)  # fmt: skip
@example(wire=[(10**12, 0, "KWD", False)])
def test_every_decimal_is_read_as_core_money_reads_it(
    built: Warehouse, land: Any, wire: list[tuple[int, int, str, bool]]
) -> None:
    """JSON numbers and texts alike; what has more decimals than its currency, or 16 digits in minor
    units, is rejected: JSON numbers are exact up to 15."""
    workspace = f"ws_decimals_{next(WORKSPACES)}"
    landed, expected = [], {}
    for place, (digits, places, currency, is_text) in enumerate(wire):
        text = f"{Decimal(digits).scaleb(-places):f}"
        payload = plaid_line(amount="AMOUNT", iso_currency_code=currency)
        payload = payload.replace('"AMOUNT"', f'"{text}"' if is_text else text)
        landed.append((str(place), 1, payload))
        if len(text.lstrip("-").split(".")[0]) + exponent(currency) > 15:
            continue
        try:
            expected[str(place)] = (-Money.parse(text, currency).amount_minor, currency)
        except InvalidInputError:
            continue
    land("plaid_transaction", workspace, landed)
    assert amounts(built, workspace) == expected
    assert set(reasons(built, workspace)) == {name for name, _, _ in landed} - set(expected)
