"""Which lines are the company's own money going from one of its accounts to another?"""

from datetime import date, timedelta

from reconciliation.accounts import BankAccount
from reconciliation.records import PROCESSOR, Deposit, Transfer
from reconciliation.transfers import transfers
from sandbox.company.calendar import day_of
from sandbox.company.synthetic import company_of
from sandbox.world import World

ON = date(2026, 3, 6)
HOLDERS = frozenset({"NORTHWIND ANALYTICS"})


def account(key: str, kind: str = "depository", iban: str | None = None, mask: str = "0001"):
    return BankAccount(key, (key,), "EUR", kind, "Bank", mask, iban, key, None, None)


ACCOUNTS = {
    "a": account("a", iban="DE1", mask="1111"),
    "b": account("b", iban="DE2", mask="2222"),
    "card": account("card", "credit", mask="3333"),
}


def line(key: str, held_in: str, amount: int, text: str = "", days: int = 0, **more) -> Deposit:
    more = {"currency": "EUR", **more}
    return Deposit(key, held_in, ON + timedelta(days=days), amount_minor=amount, text=text, **more)


def pairs(*lines: Deposit) -> set[tuple[str, str, str]]:
    return {(t.key, t.other, t.kind) for t in transfers(lines, ACCOUNTS, HOLDERS)}


def test_both_lines_of_a_transfer_are_told_and_what_it_stands_on():
    found = transfers(
        [line("o", "a", -500, "UMBUCHUNG"), line("i", "b", 500, "UMBUCHUNG", days=1)],
        ACCOUNTS, HOLDERS,
    )  # fmt: skip
    why = "500 left, 500 entered 1 days later"
    why += "; the text says that it is a transfer between own accounts" * 2
    assert found == [
        Transfer("i", "o", "transfer", found[0].confidence, why),
        Transfer("o", "i", "transfer", found[0].confidence, why),
    ]
    assert found[0].confidence > 900


def test_equal_amounts_alone_are_no_transfer():
    assert pairs(line("o", "a", -500, "RENT"), line("i", "b", 500, "INVOICE 7")) == set()
    # A word on one side says little; another's account says that it is not ours.
    assert pairs(line("o", "a", -500, "RENT"), line("i", "b", 500, "SEPA GIRO")) == set()
    # Banks call every payment a transfer: that both do, makes no pair of two.
    assert pairs(
        line("o", "a", -500, "SEPA-UEBERWEISUNG MIETE"), line("i", "b", 500, "TRANSFER INV 7")
    ) == set()  # fmt: skip
    strange = {"counterparty_account": "DE9"}
    own = line("o", "a", -500, "XFER", **strange), line("i", "b", 500, "XFER")
    assert pairs(*own) == set()


def test_the_bank_s_word_on_the_other_account_decides_between_two():
    out = line("o", "a", -500, "SEPA", counterparty_account="DE2")
    wrong = line("w", "b", 500, "GUTSCHRIFT", counterparty_account="DE9")
    right = line("r", "b", 500, "GUTSCHRIFT", days=1, counterparty_account="DE1")
    assert pairs(out, wrong, right) == {("o", "r", "transfer"), ("r", "o", "transfer")}


def test_a_card_that_is_paid_off_and_a_refund_of_a_purchase_are_told_apart():
    paid = line("o", "a", -900, "CARD AUTOPAY 3333")
    assert pairs(paid, line("i", "card", 900, "PAYMENT - THANK YOU", days=1)) == {
        ("o", "i", "card_payment"), ("i", "o", "card_payment")
    }  # fmt: skip
    assert pairs(line("o", "a", -900, "SHOP"), line("i", "card", 900, "RETURN SHOP")) == set()


def test_a_conversion_needs_the_other_currency_s_amount_from_the_bank():
    out = line("o", "a", -102_480, "DEVISENKAUF JPY 160.000 KURS 156,13")
    into = line("i", "b", 160_000, "FX PURCHASE", days=1, currency="JPY")
    assert pairs(out, into) == {("o", "i", "conversion"), ("i", "o", "conversion")}
    assert pairs(line("o", "a", -102_480, "DEVISENKAUF"), into) == set()
    stated = line(
        "i", "b", 160_000, "FX PURCHASE", days=1, currency="JPY",
        original_currency="EUR", original_amount_minor=-102_480,
    )  # fmt: skip
    assert pairs(line("o", "a", -102_480, "X"), stated) == {
        ("o", "i", "conversion"), ("i", "o", "conversion")
    }  # fmt: skip


def test_a_top_up_has_one_bank_line():
    into = line("tu_1", PROCESSOR, 1_500)
    assert pairs(line("o", "a", -1_500, "STRIPE TOP UP"), into) == {("o", "tu_1", "topup")}
    assert pairs(line("o", "a", -1_500, "STRIPE TOP UP", days=6), into) == {("o", "tu_1", "topup")}
    assert pairs(line("o", "a", -1_500, "STRIPE TOP UP", days=8), into) == set()
    assert pairs(line("o", "a", -1_500, "RENT"), into) == set()


def test_the_companys_own_transfers_are_found_and_nothing_else():
    """Eighteen months of one company: every pair that it knows of, and no line besides."""
    world = World(company_of(31, 600, date(2026, 11, 1)))
    known = list(world.bank.accounts)
    shown = {
        held.id: BankAccount(
            held.id, (held.id,), held.currency.upper(), held.kind, held.institution, held.mask,
            held.iban, held.name, None, None,
        )
        for held in known
    }  # fmt: skip
    until = world.spec.until_at
    lines = [
        Deposit(
            posted.id, posted.account_id, day_of(posted.posted_at), posted.currency.upper(),
            posted.amount, posted.description,
            counterparty_account=posted.counterparty_iban,
        )
        for held in known
        for posted in world.bank.lines(held.id)
        if posted.posted_at < until and not posted.payout_ids
    ]  # fmt: skip
    here = {posted.key for posted in lines}
    truth = {
        posted.id: posted.pair_id
        for held in known
        for posted in world.bank.lines(held.id)
        if posted.id in here and posted.pair_id in here
    }
    found = {t.key: t.other for t in transfers(lines, shown, HOLDERS)}
    assert len(truth) > 200
    assert found == truth
