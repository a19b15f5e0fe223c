"""Do the company's books balance, and do they tell of every bank line once, mistakes apart?"""

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.company.accounting import Document, DocumentLine, entries
from sandbox.company.bank_life import BankSpec, live_at_the_bank
from sandbox.company.bookkeeper import keep_books
from sandbox.company.books import Books
from sandbox.company.calendar import DAY, day_of
from sandbox.company.payout_entries import wrong
from sandbox.company.synthetic import company_of
from sandbox.stripe.generate import CompanySpec, generate
from sandbox.world import World

UNTIL = date(2026, 11, 20)
EVER = 1 << 60


def document(kind: str, direction: str, *lines: DocumentLine, **more: object) -> Document:
    fields: dict[str, object] = {
        "id": "1", "entity": "us", "kind": kind, "number": "N-1", "date": UNTIL, "due_on": None,
        "contact_id": None, "currency": "usd", "lines": lines,
        "total": sum(line.amount + line.tax for line in lines), "linked": (),
        "created_at": 100, "updated_at": 100, "deleted_at": None, "voided_at": None,
        "direction": direction, "account_id": "us_bank",
    }  # fmt: skip
    return Document(**{**fields, **more})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def world() -> World:
    return World(company_of(8, 300, UNTIL))


def test_money_in_debits_its_account_and_credits_the_lines_and_their_tax() -> None:
    sale = DocumentLine("us_services", 10_000, 1_900)
    assert entries(document("invoice", "in", sale, account_id="us_receivable")) == (
        ("us_receivable", 11_900, 0),
        ("us_services", 0, 10_000),
        ("us_sales_tax", 0, 1_900),
    )


def test_money_out_is_the_mirror_image_and_a_negative_line_turns_around() -> None:
    rent, discount = DocumentLine("us_rent", 5_000), DocumentLine("us_office", -300)
    assert entries(document("purchase", "out", rent, discount)) == (
        ("us_bank", 0, 4_700),
        ("us_rent", 5_000, 0),
        ("us_office", 0, 300),
    )


def test_a_journal_debits_what_is_positive() -> None:
    lines = (DocumentLine("us_wages", 700), DocumentLine("us_bank", -700))
    assert entries(document("journal_entry", "none", *lines, account_id=None)) == (
        ("us_wages", 700, 0),
        ("us_bank", 0, 700),
    )


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(min_value=0, max_value=10**6))
def test_every_document_balances_and_names_only_what_the_books_know(seed: int) -> None:
    books = World(company_of(seed, 80, UNTIL)).accounting
    accounts = {account.id: account for account in books.accounts}
    contacts = {contact.id for contact in books.contacts}
    for written in books.all_documents:
        moved = entries(written)
        assert sum(debit for _, debit, _ in moved) == sum(credit for _, _, credit in moved)
        assert {accounts[name].entity for name, _, _ in moved} == {written.entity}
        for name, _, _ in moved:
            if accounts[name].bank_account_id is not None:
                assert accounts[name].currency == written.currency
        assert written.total > 0
        assert written.contact_id is None or written.contact_id in contacts
        assert all(books.document(name).entity == written.entity for name in written.linked)
    ids = [(written.entity, written.id) for written in books.all_documents]
    numbers = [(written.entity, written.number) for written in books.all_documents]
    assert len(set(ids)) == len(set(numbers)) == len(ids)


def held(world_documents: tuple[Document, ...], account: str) -> int:
    """What a ledger account of a bank account holds; undone documents do not count."""
    return sum(
        debit - credit
        for written in world_documents
        if written.state_at(EVER) == "live"
        for name, debit, credit in entries(written)
        if name == account
    )


def test_without_mishaps_the_books_hold_what_the_banks_hold() -> None:
    spec = company_of(9, 150, UNTIL)
    bank, struck = live_at_the_bank(spec, {})
    books = keep_books(spec, bank, struck, ())
    for account in bank.accounts:
        ledger = f"{account.entity}_{account.id}"
        assert held(books.all_documents, ledger) == bank.balance_at(account.id, EVER)


def test_with_mishaps_books_and_banks_differ_by_exactly_the_mistakes(world: World) -> None:
    lines = {
        line.id: line for account in world.bank.accounts for line in world.bank.lines(account.id)
    }
    differences: Counter[str] = Counter()
    told: set[str] = set()
    for written in world.accounting.all_documents:
        told.update(written.payout_ids)
        if written.account_id is None:
            continue
        if written.fault in ("missing_deposit", "duplicate_entry"):
            differences[written.account_id] += written.total
        elif written.fault == "wrong_amount":
            differences[written.account_id] += (
                written.total - lines[written.bank_line_ids[0]].amount
            )
    for line in lines.values():
        if line.payout_ids and not told.intersection(line.payout_ids):
            assert {world.mishaps[name] for name in line.payout_ids} == {"missing_entry"}
            entity = world.bank.account(line.account_id).entity
            differences[f"{entity}_{line.account_id}"] -= line.amount
    assert len(differences) == 2
    for account in world.bank.accounts:
        ledger = f"{account.entity}_{account.id}"
        in_books = held(world.accounting.all_documents, ledger)
        assert in_books - world.bank.balance_at(account.id, EVER) == differences[ledger]


def test_the_truth_names_deposit_documents_and_mishap_of_each_payout(world: World) -> None:
    truth = {row["payout_id"]: row for row in world.reconciliation_truth(EVER)}
    assert set(truth) == {payout.id for payout in world.spec.payouts}
    counts = {
        fault: {
            (len(row["bank_line_ids"]), len(row["accounting_document_ids"]))
            for row in truth.values()
            if row["fault"] == fault
        }
        for fault in {row["fault"] for row in truth.values()}
    }
    assert counts == {
        None: {(1, 1)},
        "missing_deposit": {(0, 1)},
        "late_deposit": {(1, 1)},
        "bank_fee": {(1, 1)},
        "several_payouts": {(1, 1)},
        "currency_conversion": {(1, 1)},
        "wrong_amount": {(1, 1)},
        "duplicate_entry": {(1, 2)},
        "missing_entry": {(1, 0)},
    }


def test_the_truth_of_a_moment_holds_nothing_of_the_future(world: World) -> None:
    payout = world.spec.payouts[200]
    early = world.reconciliation_truth(payout.created)
    assert early[-1]["payout_id"] == payout.id
    assert early[-1]["bank_line_ids"] == early[-1]["accounting_document_ids"] == []
    assert len(early) < len(world.spec.payouts)
    assert any(row["bank_line_ids"] for row in early)


def test_books_at_a_moment_show_what_was_written_and_not_yet_undone(world: World) -> None:
    books = world.accounting
    removed = next(written for written in books.all_documents if written.deleted_at is not None)
    voided = next(written for written in books.all_documents if written.voided_at is not None)
    assert removed.deleted_at is not None
    assert voided.voided_at is not None
    moments = (removed.created_at - 1, removed.created_at, removed.deleted_at)
    assert [removed.state_at(at) for at in moments] == ["absent", "live", "deleted"]
    assert [removed in books.documents(removed.kind, at=at) for at in moments] == [
        False, True, False,
    ]  # fmt: skip
    assert voided.state_at(voided.voided_at) == "voided"
    assert voided in books.documents("invoice", voided.entity, voided.voided_at)
    changed = books.changed_since(removed.deleted_at - 1, removed.deleted_at + DAY, removed.entity)
    assert removed in changed
    assert [item.changed_at(removed.deleted_at + DAY) for item in changed] == sorted(
        item.changed_at(removed.deleted_at + DAY) for item in changed
    )
    assert all(item.entity == removed.entity for item in changed)


def test_the_months_at_stripe_become_journals_that_leave_payouts_to_the_bank() -> None:
    spec = company_of(3, 40, UNTIL)
    topups = (("tu_1", spec.until_at - 60 * DAY, 5_000, "eur"),)
    spec = BankSpec(spec.seed, spec.start_at - 90 * DAY, spec.until_at, spec.payouts, topups)
    on = date(2026, 9, 21)
    assert (UNTIL - timedelta(days=60)) == on
    months = [
        {"month": "2026-09", "currency": "eur", "gross": 90_000, "returned": -1_000,
         "refunds": -4_000, "disputes": -2_000, "fees": 1_500, "other": 5_000, "payouts": -70_000},
        {"month": "2026-11", "currency": "eur", "gross": 1, "returned": 0, "refunds": 0,
         "disputes": 0, "fees": 0, "other": 0, "payouts": 0},
    ]  # fmt: skip
    bank, struck = live_at_the_bank(spec, {})
    books = keep_books(spec, bank, struck, months)
    journals = books.documents("manual_journal")
    assert [entries(written) for written in journals] == [
        (
            ("eu_stripe_clearing", 81_500, 0),
            ("eu_subscriptions", 0, 89_000),
            ("eu_refunds", 6_000, 0),
            ("eu_payment_fees", 1_500, 0),
        )
    ]


@pytest.mark.parametrize(
    ("amount", "typed"), [(12_345, 21_345), (10_000, 10_009), (55_512, 55_152), (7, 16)]
)
def test_a_mistyped_amount_is_near_the_right_one(amount: int, typed: int) -> None:
    assert wrong(amount) == typed


def test_stripe_clearing_holds_stripes_own_balance_and_what_is_under_way(tmp_path: Path) -> None:
    generate(CompanySpec(7, 60, UNTIL), tmp_path / "stripe", tmp_path / "books", lambda done: None)
    stripe = Books(tmp_path / "books")
    world = World.of(7, stripe)
    bank, _ = live_at_the_bank(world.spec, {})
    books = keep_books(world.spec, bank, {}, stripe.months())
    arrived = {
        name: line.booked_on
        for account in bank.accounts
        for line in bank.lines(account.id)
        for name in line.payout_ids
    }
    balances = stripe.balances()
    stripe.close()
    seen: set[str] = set()
    for month in range(1, 11):
        on = date(2026, month + 1, 1) - timedelta(days=1)
        in_books = Counter({"eur": 0, "usd": 0, "gbp": 0})
        for written in books.all_documents:
            for name, debit, credit in entries(written):
                if written.date <= on and name.endswith("_stripe_clearing"):
                    in_books[written.currency] += debit - credit
        expected = {
            currency: balances[currency][on.isoformat()]
            + sum(
                payout.amount
                for payout in world.spec.payouts
                if payout.currency == currency != "gbp"
                and day_of(payout.created) <= on < arrived[payout.id]
            )
            for currency in in_books
        }
        assert in_books == expected
        seen |= {currency for currency, held in expected.items() if held > 0}
    assert seen == {"eur", "usd", "gbp"}
