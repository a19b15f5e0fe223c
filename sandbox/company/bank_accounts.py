"""Which accounts does the company have, at which banks, under which numbers?

Banks and numbers are invented; the checksums of IBANs and routing numbers hold.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from sandbox.company.banking import AccountKind, BankAccount


def iban(country: str, rest: str) -> str:
    """An IBAN with its two check digits (ISO 7064, mod 97-10)."""
    digits = "".join(str(int(letter, 36)) for letter in f"{rest}{country}00")
    return f"{country}{98 - int(digits) % 97:02d}{rest}"


def routing(eight: str) -> str:
    """A routing number: eight digits and the one that makes their weighted sum a ten."""
    total = sum(int(digit) * weight for digit, weight in zip(eight, (3, 7, 1) * 3, strict=False))
    return f"{eight}{-total % 10}"


HANSA, AMSTEL, KARTEN = "Hansa Handelsbank", "Amstel Bank", "Karten Direkt"
CASCADE, PRAIRIE = "Cascade National Bank", "Prairie Credit Union"
# The bank identifier codes, for those who show them.
BICS = {HANSA: "HNSADEHHXXX", AMSTEL: "AMSLNL2AXXX", KARTEN: "KADIDE3BXXX"}
COUNTRIES = {HANSA: "DE", AMSTEL: "NL", KARTEN: "DE", CASCADE: "US", PRAIRIE: "US"}
_HANSA_CODE, _KARTEN_CODE = "20041177", "50031909"
_CASCADE_ROUTING, _PRAIRIE_ROUTING = routing("12500089"), routing("10410077")
_UNSET = date(1970, 1, 1)


def _european(
    identity: str, bank: str, names: tuple[str, str], subtype: str, currency: str, number: str,
    opening: int,
) -> BankAccount:  # fmt: skip
    """An account with an IBAN."""
    kind: AccountKind = "credit" if subtype == "credit card" else "depository"
    return BankAccount(
        identity, "eu", bank, *names, kind, subtype, currency, number, None, None,
        number[-4:], _UNSET, opening, 500_000 if kind == "credit" else None,
    )  # fmt: skip


def _american(
    identity: str, bank: str, names: tuple[str, str], subtype: str, number: str, opening: int,
    limit: int | None = None,
) -> BankAccount:  # fmt: skip
    """An account with a number; deposits have a routing number too."""
    kinds: dict[str, AccountKind] = {"credit card": "credit", "business": "loan"}
    kind = kinds.get(subtype, "depository")
    code = None
    if kind == "depository":
        code = _CASCADE_ROUTING if bank == CASCADE else _PRAIRIE_ROUTING
    return BankAccount(
        identity, "us", bank, *names, kind, subtype, "usd", None, number, code,
        number[-4:], _UNSET, opening, limit,
    )  # fmt: skip


# Opening balances are what an account holds at the company's first moment, at least: one that
# would run dry is opened with more (`bank_life`).
ACCOUNTS = (
    _european(
        "eur_operating", HANSA, ("Geschäftskonto", "Hansa Geschäftskonto Plus"),
        "checking", "eur", iban("DE", f"{_HANSA_CODE}0532013000"), 4_000_000,
    ),
    _european(
        "eur_savings", HANSA, ("Tagesgeld", "Hansa Tagesgeld Business"),
        "savings", "eur", iban("DE", f"{_HANSA_CODE}0532013018"), 2_500_000,
    ),
    _european(
        "eur_reserve", AMSTEL, ("Zakelijke rekening", "Amstel Zakelijk Betalen"),
        "checking", "eur", iban("NL", "AMSL0417164300"), 1_200_000,
    ),
    _european(
        "eur_card", KARTEN, ("Firmenkarte", "Karten Direkt Business Gold"),
        "credit card", "eur", iban("DE", f"{_KARTEN_CODE}0000774411"), -38_215,
    ),
    _european(
        "jpy_current", HANSA, ("JPY-Konto", "Hansa Währungskonto JPY"),
        "checking", "jpy", iban("DE", f"{_HANSA_CODE}0532013392"), 900_000,
    ),
    _european(
        "kwd_current", AMSTEL, ("KWD rekening", "Amstel Valutarekening KWD"),
        "checking", "kwd", iban("NL", "AMSL0417164998"), 2_400_000,
    ),
    _american(
        "usd_operating", CASCADE, ("Business Checking", "Cascade Business Advantage Checking"),
        "checking", "000418827734", 5_000_000,
    ),
    _american(
        "usd_savings", PRAIRIE, ("Business Savings", "Prairie Premier Business Savings"),
        "savings", "7720094418", 3_000_000,
    ),
    _american(
        "usd_card", CASCADE, ("Business Card", "Cascade Cash Rewards Business Visa"),
        "credit card", "4147202611905582", -120_450, 2_500_000,
    ),
    _american(
        "usd_travel_card", PRAIRIE, ("Travel Card", "Prairie Travel Business Mastercard"),
        "credit card", "5424181077346610", -15_099, 1_000_000,
    ),
    _american(
        "usd_loan", CASCADE, ("Equipment Loan", "Cascade Equipment Term Loan"),
        "business", "8800127745", -6_000_000,
    ),
)  # fmt: skip


def accounts_opened(on: date) -> tuple[BankAccount, ...]:
    """The accounts of a company that began on a day."""
    return tuple(replace(account, opened_on=on) for account in ACCOUNTS)
