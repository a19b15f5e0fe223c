"""Do lines and balances of GoCardless and Enable Banking mean the same, whoever tells them?"""

import json
from typing import Any

from core.warehouse import Warehouse

ACCOUNT = "0123456789abcdef01234567.EUR"
CARD_BANK = "KARTEN_DIREKT_KADIDE3B"
MONEY = [("-42.50", "EUR", -4250), ("42.50", "EUR", 4250), ("-500", "JPY", -500)]
MONEY += [("500", "JPY", 500), ("5.120", "KWD", 5120), ("-5.12", "KWD", -5120), ("0", "EUR", 0)]


def gocardless(amount: str, currency: str = "EUR", **fields: Any) -> str:
    return json.dumps({
        "transactionId": "t",
        "bookingDate": "2026-11-05",
        "transactionAmount": {"amount": amount, "currency": currency},
        "creditorName": "Paid", "creditorAccount": {"iban": "IE01"},
        "debtorName": "Payer", "debtorAccount": {"iban": "IE02"},
        "remittanceInformationUnstructured": "TEXT",
        "bankTransactionCode": "PMNT-CCRD-POSD",
    } | fields)  # fmt: skip


def enable(amount: str, way: str, currency: str = "EUR", **fields: Any) -> str:
    return json.dumps({
        "entry_reference": "r",
        "booking_date": "2026-11-05",
        "transaction_amount": {"amount": amount, "currency": currency},
        "credit_debit_indicator": way,
        "status": "BOOK",
        "creditor": {"name": "Paid"}, "creditor_account": {"iban": "IE01"},
        "debtor": {"name": "Payer"}, "debtor_account": {"iban": "IE02"},
        "remittance_information": ["TEXT", "MORE"],
        "bank_transaction_code": {"code": "RCDT", "sub_code": "ESCT"},
    } | fields)  # fmt: skip


def unified(warehouse: Warehouse, workspace: str, *columns: str) -> list[tuple[Any, ...]]:
    rows = warehouse.rows(
        f"select {', '.join(columns)} from unified.transactions final"
        " where workspace_id = {ws:String} order by source_id",
        {"ws": workspace},
    )
    return [tuple(row.values()) for row in rows]


def test_signed_amounts_of_gocardless_are_exact_in_every_currency(
    built: Warehouse, land: Any
) -> None:
    rows = [
        (f"{ACCOUNT}/BANK/{place}", 1, gocardless(amount, currency))
        for place, (amount, currency, _) in enumerate(MONEY)
    ]
    land("gocardless_transaction", "ws_gc_money", rows)
    assert unified(built, "ws_gc_money", "id", "account_id", "amount_minor", "currency") == [
        (f"{ACCOUNT}/{place}", ACCOUNT, minor, currency)
        for place, (_, currency, minor) in enumerate(MONEY)
    ]


def test_banks_that_write_purchases_as_positive_amounts_are_turned_round(
    built: Warehouse, land: Any
) -> None:
    land("gocardless_transaction", "ws_gc_card", [
        (f"{ACCOUNT}/{CARD_BANK}/1", 1, gocardless("42.50")),
        (f"{ACCOUNT}/{CARD_BANK}/2", 1, gocardless(
            "-42.50", bankTransactionCode="PMNT-CCRD-RIMB")),
    ])  # fmt: skip
    land("gocardless_balance", "ws_gc_card", [
        (f"{ACCOUNT}/{CARD_BANK}/{kind}/EUR/2026-11-05", 1, balance)
        for kind, balance in (
            ("closingBooked", gc_balance("1085.33", "closingBooked")),
            ("interimAvailable", gc_balance("3914.67", "interimAvailable")),
        )
    ])  # fmt: skip
    assert unified(built, "ws_gc_card", "type", "amount_minor", "counterparty") == [
        ("card_payment", -4250, "Paid"),
        ("refund", 4250, "Payer"),
    ]
    assert balances(built, "ws_gc_card") == [
        ("available", 391467, "2026-11-05"),
        ("booked", -108533, "2026-11-05"),
    ]


def gc_balance(amount: str, kind: str, currency: str = "EUR") -> str:
    money = {"amount": amount, "currency": currency}
    return json.dumps({"balanceAmount": money, "balanceType": kind, "referenceDate": "2026-11-05"})


def balances(warehouse: Warehouse, workspace: str) -> list[tuple[Any, ...]]:
    rows = warehouse.rows(
        "select type, amount_minor, toString(reported_on) as day from unified.balances final"
        " where workspace_id = {ws:String} order by 1, 3",
        {"ws": workspace},
    )
    return [tuple(row.values()) for row in rows]


def test_enable_bankings_indicator_gives_the_sign(built: Warehouse, land: Any) -> None:
    rows = [
        (
            f"{ACCOUNT}/{place}",
            1,
            enable(amount.lstrip("-"), "DBIT" if minor < 0 else "CRDT", currency),
        )
        for place, (amount, currency, minor) in enumerate(MONEY)
    ]
    land("enablebanking_transaction", "ws_eb_money", rows)
    assert unified(built, "ws_eb_money", "id", "account_id", "amount_minor", "currency") == [
        (f"{ACCOUNT}/{place}", ACCOUNT, minor, currency)
        for place, (_, currency, minor) in enumerate(MONEY)
    ]


def test_a_line_says_who_paid_when_and_for_what(built: Warehouse, land: Any) -> None:
    land("gocardless_transaction", "ws_gc_line", [(f"{ACCOUNT}/BANK/1", 1, gocardless(
        "-1", bookingDateTime="2026-11-05T09:30:00Z", valueDate="2026-11-06", endToEndId="E2E",
        currencyExchange=[{"instructedAmount": {"amount": "1.08", "currency": "USD"}}],
        balanceAfterTransaction={"balanceAmount": {"amount": "7.05", "currency": "EUR"}},
    ))])  # fmt: skip
    alone = {"instructedAmount": {"amount": "1.08", "currency": "USD"}}
    land("gocardless_transaction", "ws_gc_line", [
        (f"{ACCOUNT}/BANK/2", 1, gocardless("-1", currencyExchange=alone)),
        (f"{ACCOUNT}/BANK/3", 1, gocardless("-1", currencyExchange={"exchangeRate": "1.2"})),
        (f"{ACCOUNT}/BANK/4", 1, gocardless("-1", currencyExchange="odd")),
    ])  # fmt: skip
    land("enablebanking_transaction", "ws_eb_line", [(f"{ACCOUNT}/1", 1, enable(
        "1", "CRDT", value_date="2026-11-06", reference_number="RF1", merchant_category_code="5943",
        exchange_rate={"instructed_amount": {"amount": "1.08", "currency": "USD"}},
        balance_after_transaction={"amount": "7.05", "currency": "EUR"},
    ))])  # fmt: skip
    columns = (
        "provider", "type", "status", "toString(occurred_at)", "toString(posted_at)",
        "toString(booked_on)", "description", "counterparty", "counterparty_account", "reference",
        "merchant_category_code", "original_amount_minor", "original_currency",
        "balance_after_minor", "source_id",
    )  # fmt: skip
    assert unified(built, "ws_gc_line", "original_amount_minor", "original_currency") == [
        (-108, "USD"), (-108, "USD"), (None, None), (None, None),
    ]  # fmt: skip
    assert unified(built, "ws_gc_line", *columns)[:1] == [(
        "gocardless", "card_payment", "succeeded", "2026-11-05 09:30:00.000",
        "2026-11-06 00:00:00.000", "2026-11-05", "TEXT", "Paid", "IE01", "E2E", None, -108, "USD",
        705, f"{ACCOUNT}/BANK/1",
    )]  # fmt: skip
    assert unified(built, "ws_eb_line", *columns) == [(
        "enablebanking", "transfer", "succeeded", "2026-11-05 00:00:00.000",
        "2026-11-06 00:00:00.000", "2026-11-05", "TEXT MORE", "Payer", "IE02", "RF1", "5943", 108,
        "USD", 705, f"{ACCOUNT}/1",
    )]  # fmt: skip


def test_a_pending_line_that_is_booked_is_one_transaction(built: Warehouse, land: Any) -> None:
    pending = gocardless("-1", bookingDate=None, valueDate="2026-11-04")
    land("gocardless_pending_transaction", "ws_gc_pending", [
        (f"{ACCOUNT}/BANK/own", 10, pending), (f"{ACCOUNT}/BANK/h_1", 10, pending),
    ])  # fmt: skip
    columns = ("id", "status", "toString(booked_on)")
    assert unified(built, "ws_gc_pending", *columns) == [
        (f"{ACCOUNT}/h_1", "pending", None),
        (f"{ACCOUNT}/own", "pending", None),
    ]
    # One keeps its id when it is booked, the other gets one: both are shown no more as pending.
    for name in ("own", "h_1"):
        row = [(f"{ACCOUNT}/BANK/{name}", 20, "{}")]
        land("gocardless_pending_transaction", "ws_gc_pending", row, is_deleted=1)
    land("gocardless_transaction", "ws_gc_pending", [
        (f"{ACCOUNT}/BANK/own", 21, gocardless("-1")), (f"{ACCOUNT}/BANK/new", 21, gocardless("-1"))
    ])  # fmt: skip
    assert unified(built, "ws_gc_pending", *columns) == [
        (f"{ACCOUNT}/new", "succeeded", "2026-11-05"),
        (f"{ACCOUNT}/own", "succeeded", "2026-11-05"),
    ]
    for version, status in ((10, "PDNG"), (20, "BOOK")):
        row = [(f"{ACCOUNT}/r", version, enable("1", "DBIT", status=status))]
        land("enablebanking_transaction", "ws_eb_pending", row)
    assert unified(built, "ws_eb_pending", "id", "status") == [(f"{ACCOUNT}/r", "succeeded")]


def test_a_date_is_read_as_iso_or_its_row_is_rejected(built: Warehouse, land: Any) -> None:
    days = {
        "2026-11-05": True, "2026-11-05T10:00:00+01:00": True, "05/11/2026": False,
        "05.11.2026": False, "20261105": False, "2026-13-45": False,
    }  # fmt: skip
    for place, day in enumerate(days):
        row = (f"{ACCOUNT}/B/g{place}", 1, gocardless("1", bookingDate=day))
        land("gocardless_transaction", "ws_days", [row])
        row = (f"{ACCOUNT}/e{place}", 1, enable("1", "CRDT", booking_date=day))
        land("enablebanking_transaction", "ws_days", [row])
    assert sorted(unified(built, "ws_days", "id", "toString(booked_on)")) == [
        (f"{ACCOUNT}/{provider}{place}", "2026-11-05")
        for provider in "eg"
        for place, is_read in enumerate(days.values())
        if is_read
    ]
    rejected = _rejected(built, "ws_days")
    assert len(rejected) == 2 * list(days.values()).count(False)
    assert {tuple(row["reasons"]) for row in rejected} == {("date is missing or unreadable",)}


def _rejected(warehouse: Warehouse, workspace: str) -> list[dict[str, Any]]:
    return list(
        warehouse.rows(
            "select source_table, source_id, reasons from unified.rejected_rows"
            " where workspace_id = {ws:String} order by 1, 2",
            {"ws": workspace},
        )
    )


def test_malformed_rows_are_listed_with_their_reasons_and_stop_nothing(
    built: Warehouse, land: Any
) -> None:
    number, money = "amount is missing or unreadable", "currency is missing or unreadable"
    fine = "amount is not whole in minor units"
    land("gocardless_transaction", "ws_bad", [
        (f"{ACCOUNT}/B/{place}", 1, payload) for place, payload in enumerate([
            gocardless("forty-two"), gocardless("1", "EURO"), gocardless("1.005"),
            gocardless("-500.5", "JPY"), "null", '"text"', "7", "not json", gocardless("1"),
        ])
    ])  # fmt: skip
    land("enablebanking_transaction", "ws_bad", [
        (f"{ACCOUNT}/{place}", 1, payload) for place, payload in enumerate([
            enable("1", "SIDEWAYS"), enable("1", "CRDT", status="ODD"), "[1]", enable("1", "CRDT"),
        ])
    ])  # fmt: skip
    land("gocardless_balance", "ws_bad", [
        (f"{ACCOUNT}/B/closingBooked/EUR/2026-11-05", 1, gc_balance("lots", "closingBooked")),
    ])  # fmt: skip
    land("enablebanking_balance", "ws_bad", [(f"{ACCOUNT}/h_1_1//2026-11-05", 1, "{}")])
    found = {(row["source_table"][4:], row["source_id"]): row["reasons"]
             for row in _rejected(built, "ws_bad")}  # fmt: skip
    nothing = [number, money, "date is missing or unreadable"]
    unknown = [
        *nothing, "credit_debit_indicator is missing or unknown", "status is missing or unknown",
    ]  # fmt: skip
    assert found == {
        ("gocardless_transaction", f"{ACCOUNT}/B/0"): [number],
        ("gocardless_transaction", f"{ACCOUNT}/B/1"): [money],
        ("gocardless_transaction", f"{ACCOUNT}/B/2"): [fine],
        ("gocardless_transaction", f"{ACCOUNT}/B/3"): [fine],
        **{("gocardless_transaction", f"{ACCOUNT}/B/{n}"): nothing for n in (4, 5, 6, 7)},
        ("enablebanking_transaction", f"{ACCOUNT}/0"): [unknown[3]],
        ("enablebanking_transaction", f"{ACCOUNT}/1"): [unknown[4]],
        ("enablebanking_transaction", f"{ACCOUNT}/2"): unknown,
        ("gocardless_balance", f"{ACCOUNT}/B/closingBooked/EUR/2026-11-05"): [number],
        ("enablebanking_balance", f"{ACCOUNT}/h_1_1//2026-11-05"): [
            number, money, "kind is missing or unreadable",
        ],
    }  # fmt: skip
    assert len(unified(built, "ws_bad", "id")) == 2


def test_every_kind_of_line_has_its_word(built: Warehouse, land: Any) -> None:
    words = {
        "RCDT-ESCT": "transfer", "ICDT-ESCT": "transfer", "RDDT-ESDD": "direct_debit",
        "CCRD-POSD": "card_payment", "CCRD-CWDL": "cash", "CNTR-CWDL": "cash",
        "MDOP-CHRG": "fee", "MDOP-INTR": "interest", "RCHQ-CCHQ": "cheque",
        "CCRD-RIMB": "refund", "NTAV-NTAV": "payment",
    }  # fmt: skip
    codes = [(code, *code.split("-")) for code in words]
    land("gocardless_transaction", "ws_gc_words", [
        (f"{ACCOUNT}/B/{code}", 1, gocardless("1", bankTransactionCode=f"PMNT-{code}"))
        for code, _, _ in codes
    ])  # fmt: skip
    land("enablebanking_transaction", "ws_eb_words", [
        (f"{ACCOUNT}/{code}", 1, enable(
            "1", "CRDT", bank_transaction_code={"code": family, "sub_code": sub_family}
        ))
        for code, family, sub_family in codes
    ])  # fmt: skip
    for workspace in ("ws_gc_words", "ws_eb_words"):
        found = unified(built, workspace, "splitByChar('/', id)[2] as code", "type")
        assert dict(found) == words


def test_accounts_and_balances_have_the_canonical_words(built: Warehouse, land: Any) -> None:
    detail = {
        "iban": "DE33 5003", "currency": "eur", "ownerName": "Firm", "name": "",
        "displayName": "Card", "product": "Gold", "cashAccountType": "CARD", "status": "enabled",
        "maskedPan": "XX4411",
    }  # fmt: skip
    resource = {
        "account_id": {"iban": "NL73", "other": None}, "currency": "KWD", "name": "Firm",
        "details": "Current", "product": "Plus", "cash_account_type": "SVGS",
        "account_servicer": {"name": "Amstel", "bic_fi": "AMSLNL2A"},
    }  # fmt: skip
    land("gocardless_account_detail", "ws_acc", [(f"{ACCOUNT}/{CARD_BANK}", 1, json.dumps(detail))])
    land("enablebanking_account", "ws_acc", [("k.KWD", 1, json.dumps(resource))])
    rows = built.rows(
        "select id, provider, name, type, subtype, currency, institution_id, institution_name,"
        " mask, iban, holder_name, status from unified.accounts final where workspace_id = 'ws_acc'"
        " order by provider"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("k.KWD", "enablebanking", "Current", "depository", "savings", "KWD", "AMSLNL2A", "Amstel",
         "NL73", "NL73", "Firm", "open"),
        (ACCOUNT, "gocardless", "Card", "credit", "credit card", "EUR", CARD_BANK, None, "5003",
         "DE335003", "Firm", "open"),
    ]  # fmt: skip
    shown = (("CLBD", "04", "1"), ("ITBD", "04", "2"), ("ITAV", "04", "-3"), ("CLBD", "05", "4"))
    land("enablebanking_balance", "ws_acc", [
        (f"a.EUR/{kind}/EUR/2026-11-{day}", 9, json.dumps({
            "balance_type": kind, "balance_amount": {"amount": amount, "currency": "EUR"}
        }))
        for kind, day, amount in (*shown, ("VALU", "05", "5"))
    ])  # fmt: skip
    assert balances(built, "ws_acc") == [
        ("available", -300, "2026-11-04"),
        ("booked", 200, "2026-11-04"),
        ("booked", 400, "2026-11-05"),
    ]


def test_what_is_left_of_a_day_is_there_to_be_seen(built: Warehouse, land: Any) -> None:
    report = {
        "account_id": ACCOUNT, "scope": "balances", "calls_per_day": 4, "calls_made": 3,
        "calls_made_at": [], "last_read_at": "2026-11-05T08:00:00Z",
        "next_allowed_at": "2026-11-05T09:00:00Z", "next_planned_at": "2026-11-05T16:00:00Z",
    }  # fmt: skip
    for provider in ("gocardless", "enablebanking"):
        row = [(f"{ACCOUNT}/balances", 1, json.dumps(report))]
        land(f"{provider}_call_budget", "ws_budget", row)
        (found,) = built.rows(
            "select account_id, scope, calls_per_day, calls_made, toString(next_allowed_at) as a,"
            f" toString(next_planned_at) as b from staging.stg_{provider}__call_budgets final"
            " where workspace_id = 'ws_budget'"
        )
        assert tuple(found.values()) == (
            ACCOUNT, "balances", 4, 3, "2026-11-05 09:00:00.000", "2026-11-05 16:00:00.000",
        )  # fmt: skip
