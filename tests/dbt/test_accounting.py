"""Is every document in the books the double entry that it stands for, and what is not, said so?"""

import json
import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from assets.rejections import evaluate_rejections, rejections
from core.money import Money
from core.settings import PROJECT_ROOT
from core.warehouse import Warehouse
from sandbox.company.accounting import Document, entries
from sandbox.company.calendar import day_of
from sandbox.company.synthetic import company_of
from sandbox.quickbooks.objects import Objects as QuickBooksObjects
from sandbox.world import World
from sandbox.xero import uuid_of
from sandbox.xero.objects import DOCUMENTS as XERO_LISTS
from sandbox.xero.objects import Objects as XeroObjects

ENTRIES = """
    select document_id, account_id, account_code, account_role, currency, amount_minor,
        debit_minor, credit_minor, toString(issued_on) as on
    from unified.accounting_entries where workspace_id = {ws:String}
    order by document_id, entry_number"""
AT = 1 << 40  # after everything that ever happens
QUICKBOOKS = {
    "Account": "account", "Customer": "customer", "Vendor": "vendor", "Item": "item",
    "Preferences": "preferences", "Invoice": "invoice", "SalesReceipt": "sales_receipt",
    "CreditMemo": "credit_memo", "RefundReceipt": "refund_receipt", "Payment": "payment",
    "Bill": "bill", "BillPayment": "bill_payment", "Purchase": "purchase", "Deposit": "deposit",
    "Transfer": "transfer", "JournalEntry": "journal_entry",
}  # fmt: skip
XERO = {
    "Accounts": "account", "Contacts": "contact", "Invoices": "invoice",
    "CreditNotes": "credit_note", "Payments": "payment", "BankTransactions": "bank_transaction",
    "BankTransfers": "bank_transfer", "ManualJournals": "manual_journal",
}  # fmt: skip


def booked(warehouse: Warehouse, workspace: str) -> list[tuple[Any, ...]]:
    """(document, account, currency, signed amount) of every entry."""
    names = ("document_id", "account_id", "currency", "amount_minor")
    found = warehouse.rows(ENTRIES, {"ws": workspace})
    return [tuple(row[name] for name in names) for row in found]


def reasons(warehouse: Warehouse, workspace: str) -> dict[str, list[str]]:
    sql = "select source_id, reasons from unified.rejected_rows where workspace_id = {ws:String}"
    return {row["source_id"]: row["reasons"] for row in warehouse.rows(sql, {"ws": workspace})}


@pytest.fixture(scope="module")
def world() -> World:
    spec = company_of(7, 60, date(2026, 11, 20))
    month = day_of(spec.start_at).strftime("%Y-%m")
    sums = {"gross": 910_00, "returned": -17_00, "refunds": -63_50, "disputes": 0, "fees": 4_321,
            "other": 150_000, "payouts": -70_000}  # fmt: skip
    months = tuple({"month": month, "currency": code, **sums} for code in ("eur", "gbp", "usd"))
    return World(spec, lambda: months)


def truth(world: World, entity: str) -> list[Document]:
    return [
        document
        for document in world.accounting.documents(entity=entity, at=AT)  # type: ignore[arg-type]
        if document.state_at(AT) == "live"
    ]


def nonzero(pairs: list[tuple[str, int]]) -> Counter[tuple[str, int]]:
    return Counter(pair for pair in pairs if pair[1])


def test_quickbooks_documents_are_the_double_entries_that_the_company_made(
    built: Warehouse, land: Any, world: World
) -> None:
    shown = QuickBooksObjects(world.accounting, world.spec.start_at)
    for entity, name in QUICKBOOKS.items():
        rows = [(row.id, 1, row.body.decode()) for row in shown.rows(entity, AT)]
        if rows:
            land(f"quickbooks_{name}", "ws_us_books", rows)
    number = {id: number for id, (number, _) in shown.ledger.accounts.items()}
    expected = {
        document.id: (
            document.currency.upper(),
            nonzero([(number[a], debit - credit) for a, debit, credit in entries(document)]),
        )
        for document in truth(world, "us")
    }
    found: dict[str, tuple[str, list[tuple[str, int]]]] = {}
    for document, account, currency, amount in booked(built, "ws_us_books"):
        held = found.setdefault(document.partition("/")[2], (currency, []))
        held[1].append((account, amount))
    assert len(expected) > 200
    assert {id: (code, Counter(pairs)) for id, (code, pairs) in found.items()} == expected
    assert reasons(built, "ws_us_books") == {}


def test_xero_documents_are_the_double_entries_that_the_company_made(
    built: Warehouse, land: Any, world: World
) -> None:
    shown = XeroObjects(world.accounting, world.spec.start_at)
    land("xero_organisation", "ws_eu_books", [("o", 1, json.dumps(shown.ledger.organisation(1)))])
    for listed, name in XERO.items():
        rows = [(row.id, 1, row.body.decode()) for row in shown.rows(listed, AT)]
        land(f"xero_{name}", "ws_eu_books", rows)
    # Xero keeps journals in its base currency; those of other currencies were converted for it.
    expected = {
        document.id: (
            document.currency.upper(),
            nonzero(
                [(uuid_of("account", a), debit - credit) for a, debit, credit in entries(document)]
            ),
        )
        for document in truth(world, "eu")
        if document.kind != "manual_journal" or document.currency == "eur"
    }
    found: dict[str, tuple[str, Counter[tuple[str, int]]]] = {}
    taxes: dict[str, Counter[str]] = {}
    for document, account, currency, amount in booked(built, "ws_eu_books"):
        identity = document.partition("/")[2]
        held = found.setdefault(identity, (currency, Counter()))
        held[1][account, amount] += 1
        taxes.setdefault(identity, Counter())[account] += 1
    assert {code for code, _ in found.values()} == {"EUR", "JPY", "KWD"}
    summed = {id: (code, _by_account(pairs)) for id, (code, pairs) in found.items()}
    wanted = {id: (code, _by_account(pairs)) for id, (code, pairs) in expected.items()}
    assert len(wanted) > 200
    assert {id: summed.get(id) for id in wanted} == wanted
    assert reasons(built, "ws_eu_books") == {}
    assert set(XERO_LISTS) <= set(XERO)


def _by_account(pairs: Counter[tuple[str, int]]) -> dict[str, int]:
    """What each account moved by: the wire sums a document's taxes up."""
    sums: Counter[str] = Counter()
    for (account, amount), times in pairs.items():
        sums[account] += amount * times
    return {account: amount for account, amount in sums.items() if amount}


def test_no_document_moves_money_out_of_nothing(built: Warehouse, land: Any, world: World) -> None:
    """The project's own test of it, on what the other tests landed as well."""
    text = (PROJECT_ROOT / "dbt" / "tests" / "accounting_documents_balance.sql").read_text()
    text = re.sub(r"\{\{ config\(.*\) \}\}\n", "", text)
    sql = re.sub(r"\{\{ newest\(ref\('(\w+)'\)\) \}\}", r"unified.\1 final", text)
    sql = re.sub(r"\{\{ ref\('(\w+)'\) \}\}", r"unified.\1", sql)
    assert "{" not in sql
    assert built.rows(sql) == []


def invoice(**fields: Any) -> str:
    """A QuickBooks invoice of 42.50 USD: 40.00 and 2.50 of tax."""
    line = {
        "Id": "1", "Amount": 40.00, "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemAccountRef": {"value": "79"}},
    }  # fmt: skip
    return json.dumps(
        {
            "Id": "145", "DocNumber": "1001", "TxnDate": "2026-09-18", "TotalAmt": 42.50,
            "CurrencyRef": {"value": "USD"}, "CustomerRef": {"value": "7", "name": "Ada"},
            "TxnTaxDetail": {"TotalTax": 2.5}, "Line": [line, {
                "Amount": 40.00, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {},
            }],
        } | fields
    )  # fmt: skip


def test_an_invoice_is_booked_to_the_cent_with_the_accounts_that_it_implies(
    built: Warehouse, land: Any
) -> None:
    accounts = [
        ("79", 1, '{"Name": "Sales", "AccountType": "Income", "Classification": "Revenue"}'),
        ("84", 1, '{"Name": "A/R", "AccountType": "Accounts Receivable"}'),
        ("85", 1, '{"Name": "Tax", "AccountSubType": "SalesTaxPayable"}'),
    ]
    land("quickbooks_account", "ws_cent", accounts)
    land("quickbooks_invoice", "ws_cent", [("145", 1, invoice())])
    found = built.rows(ENTRIES, {"ws": "ws_cent"})
    assert [tuple(row.values()) for row in found] == [
        ("invoice/145", "84", None, "accounts_receivable", "USD", 4250, 4250, 0, "2026-09-18"),
        ("invoice/145", "79", None, "line", "USD", -4000, 0, 4000, "2026-09-18"),
        ("invoice/145", "85", None, "tax", "USD", -250, 0, 250, "2026-09-18"),
    ]
    names = built.rows(
        "select contact_id, contact_name, document_number from unified.accounting_entries"
        " where workspace_id = 'ws_cent' limit 1"
    )
    assert list(names[0].values()) == ["customer/7", "Ada", "1001"]


def test_a_document_that_loses_a_line_is_voided_or_removed_loses_its_entries(
    built: Warehouse, land: Any
) -> None:
    def amounts() -> list[int]:
        return [amount for _, _, _, amount in booked(built, "ws_shrinks")]

    land("quickbooks_invoice", "ws_shrinks", [("145", 1, invoice())])
    assert amounts() == [4250, -4000, -250]
    land("quickbooks_invoice", "ws_shrinks", [("145", 2, invoice(TotalAmt=40, TxnTaxDetail={}))])
    assert amounts() == [4000, -4000]
    voided = invoice(TotalAmt=0, TxnTaxDetail={}, Line=[], PrivateNote="Voided - mistake")
    land("quickbooks_invoice", "ws_shrinks", [("145", 3, voided)])
    assert amounts() == []
    states = built.rows(
        "select status from unified.accounting_documents final where workspace_id = 'ws_shrinks'"
    )
    assert [row["status"] for row in states] == ["voided"]
    land("quickbooks_invoice", "ws_shrinks", [("145", 4, invoice())])
    tombstone = '{"domain": "QBO", "status": "Deleted", "Id": "145"}'
    land("quickbooks_invoice", "ws_shrinks", [("145", 5, tombstone)], is_deleted=1)
    assert (amounts(), reasons(built, "ws_shrinks")) == ([], {})


def test_what_cannot_be_booked_is_listed_with_its_reason(built: Warehouse, land: Any) -> None:
    payloads = {
        "nothing": "null",
        "no_json": "{",
        "amount": invoice(TotalAmt="about 12"),
        "date": invoice(TxnDate="13/14/2026"),
        "unbalanced": invoice(TotalAmt=43),
        "currency": invoice(CurrencyRef={"value": "DOLLARS"}),
        "no_currency": invoice(CurrencyRef=None),
        "fraction": invoice(CurrencyRef={"value": "JPY"}),
        "line": invoice(Line=[json.loads(invoice())["Line"][0] | {"Amount": "1,000.00"}]),
    }
    land("quickbooks_invoice", "ws_unbooked", [(id, 1, text) for id, text in payloads.items()])
    land("quickbooks_invoice", "ws_unbooked", [("good", 1, invoice())])
    unreadable = "an amount is missing, unreadable or not whole in minor units"
    assert reasons(built, "ws_unbooked") == {
        "nothing": ["total is missing or unreadable", "issued_on is missing or unreadable"],
        "no_json": ["total is missing or unreadable", "issued_on is missing or unreadable"],
        "amount": [unreadable],
        "date": ["issued_on is missing or unreadable"],
        "unbalanced": ["debits and credits differ"],
        "currency": ["currency is missing or unreadable"],
        "no_currency": ["currency is missing or unreadable"],
        "fraction": [unreadable],
        "line": [unreadable],
    }
    assert {document for document, *_ in booked(built, "ws_unbooked")} == {"invoice/good"}


def test_unreadable_rows_are_counted_by_reason_for_their_provider_alone(
    built: Warehouse, land: Any
) -> None:
    def counted() -> Counter[tuple[str, str]]:
        found = rejections(built, "xero")
        assert {row["source_table"][:9] for row in found} <= {"raw.xero_"}
        return Counter({(row["source_table"], row["reason"]): row["rows"] for row in found})

    before = counted()
    land("xero_account", "ws_counted", [("a", 1, '{"Code": "1"}'), ("b", 1, "[]")])
    land("quickbooks_account", "ws_counted", [("a", 1, "{}")])
    unnamed = ("raw.xero_account", "name is missing or unreadable")
    assert counted() - before == Counter({unnamed: 2})
    assert not evaluate_rejections(rejections(built, "xero")).passed


def manual_journal(**fields: Any) -> str:
    lines = [
        {"LineAmount": 12.50, "AccountID": "a", "TaxAmount": 0.00},
        {"LineAmount": -12.50, "AccountCode": "310"},
    ]
    return json.dumps(
        {
            "Status": "POSTED", "Date": "/Date(1789689600000+0000)/", "Narration": "x",
            "LineAmountTypes": "NoTax", "JournalLines": lines,
        } | fields
    )  # fmt: skip


def test_dates_are_read_in_each_form_that_xero_writes_and_in_no_other(
    built: Warehouse, land: Any
) -> None:
    land("xero_organisation", "ws_dates", [("o", 1, '{"BaseCurrency": "NZD"}')])
    forms = {
        "net": "/Date(1789689600000+0000)/",
        "net_escaped": "\\/Date(1789689600000+1300)\\/",
        "net_plain": "/Date(1789689600000)/",
        "iso_time": "2026-09-18T00:00:00",
        "iso_day": "2026-09-18",
        "before_1970": "/Date(-86400000+0000)/",
        "european": "18/09/2026",
        "words": "/Date(soon)/",
    }
    rows = [
        (name, 1, manual_journal(Date=text).replace("\\\\/", "\\/")) for name, text in forms.items()
    ]
    land("xero_manual_journal", "ws_dates", rows)
    found = {row["document_id"]: row["on"] for row in built.rows(ENTRIES, {"ws": "ws_dates"})}
    assert found == {
        "manual_journal/net": "2026-09-18",
        "manual_journal/net_escaped": "2026-09-18",
        "manual_journal/net_plain": "2026-09-18",
        "manual_journal/iso_time": "2026-09-18",
        "manual_journal/iso_day": "2026-09-18",
        "manual_journal/before_1970": "1969-12-31",
    }
    unread = ["issued_on is missing or unreadable"]
    assert reasons(built, "ws_dates") == {"european": unread, "words": unread}


def test_a_document_without_a_currency_waits_for_the_books_to_say_theirs(
    built: Warehouse, land: Any
) -> None:
    land("xero_manual_journal", "ws_base", [("m", 1, manual_journal())])
    transfer = {
        "Status": "AUTHORISED", "Date": "2026-09-18", "Amount": 500,
        "FromBankAccount": {"AccountID": "yen"}, "ToBankAccount": {"AccountID": "other"},
    }  # fmt: skip
    land("xero_bank_transfer", "ws_base", [("t", 1, json.dumps(transfer))])
    missing = ["currency is missing or unreadable"]
    assert (booked(built, "ws_base"), reasons(built, "ws_base")) == (
        [],
        {"m": missing, "t": missing},
    )
    land("xero_organisation", "ws_base", [("o", 1, '{"BaseCurrency": "KWD"}')])
    land("xero_account", "ws_base", [("yen", 1, '{"Name": "Yen", "CurrencyCode": "JPY"}')])
    assert booked(built, "ws_base") == [
        ("bank_transfer/t", "other", "JPY", 500),
        ("bank_transfer/t", "yen", "JPY", -500),
        ("manual_journal/m", "a", "KWD", 12_500),
        ("manual_journal/m", None, "KWD", -12_500),
    ]
    assert reasons(built, "ws_base") == {}


@pytest.mark.parametrize(
    ("currency", "total"), [("USD", "42.50"), ("JPY", "500"), ("KWD", "5.120")]
)
@pytest.mark.parametrize(("kind", "sign"), [("ACCREC", 1), ("ACCPAY", -1)])
def test_xero_amounts_are_exact_and_inclusive_tax_is_taken_out(
    built: Warehouse, land: Any, currency: str, total: str, kind: str, sign: int
) -> None:
    workspace = f"ws_{kind}_{currency}".lower()
    text = (
        f'{{"Type":"{kind}","Status":"AUTHORISED","Date":"2026-09-18","CurrencyCode":"{currency}",'
        f'"LineAmountTypes":"Inclusive","Total":{total},"TotalTax":0.00,'
        f'"LineItems":[{{"AccountID":"a","LineAmount":{total},"TaxAmount":0}}]}}'
    )
    taxed = text.replace('"TotalTax":0.00', '"TotalTax":5').replace(
        '"TaxAmount":0', '"TaxAmount":5'
    )
    land("xero_invoice", workspace, [("plain", 1, text), ("taxed", 1, taxed)])
    whole, five = Money.parse(total, currency).amount_minor, Money.parse("5", currency).amount_minor
    assert [amount for *_, amount in booked(built, workspace)] == [
        sign * whole, -sign * whole, sign * whole, -sign * (whole - five), -sign * five,
    ]  # fmt: skip


def test_drafts_voided_and_deleted_documents_and_legs_of_transfers_have_no_entries(
    built: Warehouse, land: Any
) -> None:
    shared = {"Date": "2026-09-18", "Total": 5, "CurrencyCode": "EUR", "Type": "ACCREC"}
    rows = [
        (status, 1, json.dumps(shared | {"Status": status}))
        for status in ("DRAFT", "SUBMITTED", "VOIDED", "DELETED", "SURPRISE")
    ]
    land("xero_invoice", "ws_states", rows)
    leg = shared | {"Status": "AUTHORISED", "Type": "SPEND-TRANSFER", "BankAccount": {}}
    land("xero_bank_transaction", "ws_states", [("leg", 1, json.dumps(leg))])
    found = built.rows(
        "select source_id, type, status from unified.accounting_documents final"
        " where workspace_id = 'ws_states' order by source_id"
    )
    assert [tuple(row.values()) for row in found] == [
        ("DELETED", "invoice", "deleted"),
        ("DRAFT", "invoice", "draft"),
        ("SUBMITTED", "invoice", "draft"),
        ("SURPRISE", "invoice", "unknown"),
        ("VOIDED", "invoice", "voided"),
        ("leg", "transfer_leg", "posted"),
    ]
    assert booked(built, "ws_states") == []
    assert reasons(built, "ws_states") == {"SURPRISE": ["its kind or status is not known"]}


def test_every_document_type_is_documented() -> None:
    folder = Path(PROJECT_ROOT / "dbt" / "models" / "unified" / "accounting_documents")
    said = (folder / "accounting_documents.yml").read_text()
    for feed in folder.glob("accounting_documents__*.sql"):
        kinds = re.search(r"^    (.*) as type,$", feed.read_text(), re.M)
        assert kinds is not None, feed.name
        for kind in re.findall(r"'([a-z_]+)'(?! *,? *'?[A-Z])", kinds[1]):
            assert re.search(rf"\b{kind}\b", said), f"{feed.name}: {kind}"
