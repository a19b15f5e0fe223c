"""Which lines are money that moves between the company's own accounts? Pairs of out and in.

A transfer, a card or loan that is paid off, a conversion, a top-up of the payment provider: what
leaves one account and enters another is neither spent nor earned. Pairs by amount, day and words;
which are taken is `packing`'s question, as of payouts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

from reconciliation import evidence as weigh
from reconciliation.accounts import BankAccount
from reconciliation.packing import best_of
from reconciliation.records import PROCESSOR, Deposit, Edge, Transfer, TransferKind
from reconciliation.texts import PROCESSORS, read

_EARLIEST, _LATEST = timedelta(days=-1), timedelta(days=5)
# A top-up stands in the provider's balance at once, and at the bank when that has sent it.
_TOPPED_UP_EARLIEST = timedelta(days=-7)
# Words that banks write of money between accounts of one owner; "UEBERWEISUNG" or "TRANSFER" alone
# stands on payments to anybody, and two of them do not make a pair.
_OWN_WORDS = re.compile(
    r"\b(XFER|UMBUCHUNG|TRASPASO|UEBERTRAG|ÜBERTRAG|(?:INTERNAL|ACCOUNT|BOOK|OWN) TRANSFER"
    r"|VIREMENT INTERNE|EIGEN REKENING|OWN ACCOUNT)\b"
)
_WORDS = re.compile(r"\b(TRANSFER|OVERBOEKING|U(?:E)?BERWEISUNG|ÜBERWEISUNG|VIREMENT|GIRO)\b")
_KINDS = re.compile(
    r"\b(SAVINGS?|CHECKING|SHARE|TAGESGELD|FESTGELD|SPARKONTO|GESCHAEFTSKONTO|GESCHÄFTSKONTO"
    r"|SPAARREKENING|LIVRET)\b"
)
_PAID_OFF = re.compile(
    r"(PAYMENT|PYMT|PMT|AUTOPAY|LASTSCHRIFT|ABRECHNUNG|ZAHLUNGSEINGANG|THANK YOU|DIRECT DEBIT)"
)
_OF_ACCOUNTS = (_OWN_WORDS, _WORDS, _KINDS, _PAID_OFF)
_LEGAL_FORM = re.compile(
    r"[\s,]+(?:INC|LLC|LLP|LTD|LIMITED|PLC|CORP|CO|GMBH|UG|AG|KG|SE|SARL|SAS|SA|BV|NV|SRL|SPA|OY|AB|AS|APS)\.?$"
)
_LEAST_NAME = 6
_DIGITS = re.compile(r"\d{4,}")


def transfers(
    lines: Sequence[Deposit], accounts: Mapping[str, BankAccount], holders: frozenset[str]
) -> list[Transfer]:
    """Return both lines of every own transfer, by key.

    Args:
        lines: Posted lines of all accounts that are not a payout's, each once; top-ups stand as
            money into the account `PROCESSOR`.
        accounts: The accounts by key.
        holders: Names of the company, as its accounts are held by (`holders_of`).
    """
    by_key = {line.key: line for line in lines}
    found = []
    for edge in best_of(_candidates(lines, accounts, holders)):
        out, into = by_key[edge.left[0]], by_key[edge.right[0]]
        kind = kind_of(out, into, accounts)
        sure, reason = weigh.confidence(edge.weight), "; ".join(edge.evidence)
        found.append(Transfer(out.key, into.key, kind, sure, reason))
        if into.account != PROCESSOR:
            found.append(Transfer(into.key, out.key, kind, sure, reason))
    return sorted(found, key=lambda transfer: transfer.key)


def holders_of(names: Iterable[str | None]) -> frozenset[str]:
    """Return the names under which an account's holder is written: without the legal form.

    Examples:
        >>> sorted(holders_of(["Northwind Analytics GmbH", "Ada", None]))
        ['NORTHWIND ANALYTICS']
    """
    plain = {_LEGAL_FORM.sub("", (name or "").upper().strip()) for name in names}
    return frozenset(name for name in plain if len(name) >= _LEAST_NAME)


def _candidates(
    lines: Sequence[Deposit], accounts: Mapping[str, BankAccount], holders: frozenset[str]
) -> Iterator[Edge]:
    entered: dict[tuple[str, int], list[Deposit]] = {}
    left: dict[tuple[str, int], list[Deposit]] = {}
    for line in lines:
        side = entered if line.amount_minor > 0 else left
        side.setdefault((line.currency, abs(line.amount_minor)), []).append(line)
    for (currency, amount), outs in left.items():
        for out in outs:
            for place in sorted({(currency, amount), *stated(out)}):
                for into in entered.get(place, ()):
                    yield from weighed(out, into, accounts, holders)
    # What was paid in another currency may be told on the receiving side alone.
    for place in sorted(entered):
        for into in entered[place]:
            for told in sorted(stated(into)):
                for out in left.get(told, ()):
                    yield from weighed(out, into, accounts, holders)


def stated(line: Deposit) -> set[tuple[str, int]]:
    """Return what a line says of a conversion's other side, in its fields or in its text."""
    found = {pair for pair in read(line.text).printed if pair[0] != line.currency}
    if line.original_currency is not None and line.original_amount_minor is not None:
        found.add((line.original_currency, abs(line.original_amount_minor)))
    return found


def weighed(
    out: Deposit, into: Deposit, accounts: Mapping[str, BankAccount], holders: frozenset[str]
) -> Iterator[Edge]:
    """Yield the pair as a possible match where more speaks for it than chance."""
    apart = into.booked_on - out.booked_on
    if into.account == out.account:
        return
    earliest = _TOPPED_UP_EARLIEST if into.account == PROCESSOR else _EARLIEST
    if not earliest <= apart <= _LATEST:
        return
    days = abs(apart.days)
    weight = weigh.PRIOR + (weigh.ON_THE_DAY, weigh.NEXT_DAY)[days] if days < 2 else weigh.PRIOR
    evidence = [f"{-out.amount_minor} left, {into.amount_minor} entered {apart.days} days later"]
    for more, why in _words(out, into, accounts, holders):
        weight += more
        evidence.append(why)
    if out.currency != into.currency:
        weight += weigh.STATED_ORIGINAL
        evidence.append("the bank states the amount of the other currency")
    if weight > 0:
        yield Edge((out.key,), (into.key,), weight, "transfer", tuple(evidence))


def _words(
    out: Deposit, into: Deposit, accounts: Mapping[str, BankAccount], holders: frozenset[str]
) -> Iterator[tuple[float, str]]:
    for line, other in ((out, into), (into, out)):
        there = accounts.get(other.account)
        theirs = line.counterparty_account
        if theirs and there is not None and there.iban:
            if theirs == there.iban:
                yield 8.0, "the bank names the other account"
            else:
                yield -8.0, "the bank names an account of somebody else"
        text = line.text.upper()
        if _names_a_stranger(line, accounts, holders):
            yield -5.0, "the bank names somebody else"
        if there is not None and there.mask and _names_mask(text, there.mask):
            yield 5.0, "the text names the other account's last digits"
        if _OWN_WORDS.search(text):
            yield 3.0, "the text says that it is a transfer between own accounts"
        elif _WORDS.search(text):
            yield 1.0, "the text says that it is a transfer"
        if _KINDS.search(text):
            yield 2.0, "the text names a kind of account"
        if any(name in text for name in holders):
            yield 3.0, "the text names the company itself"
    if into.account == PROCESSOR:
        if read(out.text).from_processor:
            yield 6.0, "the text names the payment provider"
        else:
            yield -8.0, "the text does not name the payment provider"
    elif _owes(into, accounts) and all(_PAID_OFF.search(x.text.upper()) for x in (into, out)):
        yield 6.0, "both say that what is owed is paid off"


def _names_a_stranger(
    line: Deposit, accounts: Mapping[str, BankAccount], holders: frozenset[str]
) -> bool:
    """Whether the other side has a name that is neither the company's nor one of its banks'."""
    name = (line.counterparty or "").upper()
    if len(name) < _LEAST_NAME or any(pattern.search(name) for pattern in _OF_ACCOUNTS):
        return False
    banks = ((account.institution or "").upper() for account in accounts.values())
    return not any(own and (own in name or name in own) for own in (*holders, *banks, *PROCESSORS))


def _owes(into: Deposit, accounts: Mapping[str, BankAccount]) -> bool:
    account = accounts.get(into.account)
    return account is not None and account.type in ("credit", "loan")


def _names_mask(text: str, mask: str) -> bool:
    return any(digits.endswith(mask) for digits in _DIGITS.findall(text))


def kind_of(out: Deposit, into: Deposit, accounts: Mapping[str, BankAccount]) -> TransferKind:
    """Return what kind of transfer a pair is, by the accounts on both sides."""
    if into.account == PROCESSOR:
        return "topup"
    if out.currency != into.currency:
        return "conversion"
    of = {accounts[line.account].type for line in (out, into) if line.account in accounts}
    return "loan_payment" if "loan" in of else "card_payment" if "credit" in of else "transfer"
