"""How do payouts and top-ups show at the bank? Deposits one to three bank days later, mostly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from sandbox.company.bank_accounts import iban
from sandbox.company.bank_days import add_bank_days, bank_day
from sandbox.company.calendar import day_of
from sandbox.company.catalog import round_half_up
from sandbox.company.mishaps import AT_THE_BANK, CONVERSION, PER_MILLE, PayoutFact, strike
from sandbox.company.pen import Pen
from sandbox.company.people import random_of

ARRIVES_IN = {"eur": "eur_operating", "usd": "usd_operating"}
CONVERTED_INTO = "eur"
# Euro per major unit in millionths, before the day's movement and the bank's margin.
_RATES_MICRO = {"gbp": 1_168_000}
_MARGIN_BASIS_POINTS = 60
_PROCESSOR = "Stripe Payments Europe Ltd"
_PROCESSOR_IBAN = iban("IE", "NWTB99005107340191")
_FEES = {"eur": (750, 1_250, 2_000), "usd": (1_000, 1_500, 2_500)}


def conversion_rate_micro(currency: str, on: date) -> int:
    """The bank's rate on a day: euro per major unit in millionths, its margin taken off."""
    base = _RATES_MICRO.get(currency, 1_000_000)
    moved = base + base * ((on.toordinal() * 6_151) % 301 - 150) // 10_000
    return moved - moved * _MARGIN_BASIS_POINTS // 10_000


def expected_on(payout: PayoutFact, currency: str) -> date:
    """The bank day on which a payout should arrive."""
    return bank_day(day_of(payout.arrival), currency)


def write_deposits(
    pen: Pen, payouts: Sequence[PayoutFact], per_mille: Mapping[str, int] = PER_MILLE
) -> dict[str, str]:
    """Write the deposits of payouts, and say which payout was struck by which mishap."""
    ordered = sorted(payouts, key=lambda payout: (payout.created, payout.id))
    plain = [payout for payout in ordered if payout.currency in ARRIVES_IN]
    struck, groups = strike(random_of(pen.seed, "bank", "mishaps"), plain, per_mille)
    for payout in ordered:
        if payout.currency not in ARRIVES_IN:
            struck[payout.id] = CONVERSION
            _deposit(pen, (payout,), CONVERSION)
        elif struck.get(payout.id) not in ("several_payouts", "missing_deposit"):
            _deposit(pen, (payout,), struck.get(payout.id))
    for group in groups:
        _deposit(pen, group, "several_payouts")
    return struck


def _deposit(pen: Pen, payouts: tuple[PayoutFact, ...], fault: str | None) -> None:
    last = payouts[-1]
    currency = last.currency if last.currency in ARRIVES_IN else CONVERTED_INTO
    random = random_of(pen.seed, "bank", "deposit", last.id)
    on = expected_on(last, currency)
    if fault == "late_deposit":
        on = add_bank_days(on, random.randrange(6, 13), currency)
    elif random.random() < 0.18:
        on = add_bank_days(on, 1, currency)
    amount = sum(payout.amount for payout in payouts)
    original = None
    if fault == CONVERSION:
        original = (amount, last.currency)
        amount = round_half_up(amount * conversion_rate_micro(last.currency, on), 1_000_000)
    if fault == "bank_fee":
        amount -= min(random.choice(_FEES[currency]), amount // 2)
    # Banks pass the trace on for two deposits in three; a deposit of several has the last one's.
    trace = last.trace_id if random.random() < 0.66 else None
    token = pen.number("statement", last.id, digits=9)
    text = _american(on, token, trace, random.randrange(3)) if currency == "usd" else _european(
        token, trace, original, random.randrange(3)
    )  # fmt: skip
    if amount > 0:
        pen.write(
            ARRIVES_IN[currency], f"payout/{last.id}", on, amount, "payout", text,
            0 if currency == "usd" and random.random() < 0.3 else None,
            counterparty="Stripe" if currency == "usd" else _PROCESSOR,
            counterparty_iban=None if currency == "usd" else _PROCESSOR_IBAN,
            reference=f"ST-{token}", trace_id=trace, original=original,
            payout_ids=tuple(payout.id for payout in payouts),
            fault=fault if fault in AT_THE_BANK else None,
        )  # fmt: skip


def _american(on: date, token: str, trace: str | None, style: int) -> str:
    day = on.strftime("%y%m%d")
    if style == 0:
        return (
            f"ORIG CO NAME:STRIPE ORIG ID:1800948598 DESC DATE:{day} CO ENTRY DESCR:TRANSFER "
            f"SEC:CCD TRACE#:{trace or f'111000{token}'} EED:{day} IND ID:ST-{token} "
            "IND NAME:NORTHWIND ANALYTICS INC"
        )
    if style == 1:
        return f"STRIPE           TRANSFER   {day} ST-{token}   NORTHWIND ANALYTICS INC"
    return f"Stripe Transfer St-{token}{f' {trace}' if trace else ''}"


def _european(token: str, trace: str | None, original: tuple[int, str] | None, style: int) -> str:
    paid = ""
    if original is not None:
        whole, rest = divmod(original[0], 100)
        paid = f" OAMT {original[1].upper()} {whole},{rest:02d}"
    if style == 0:
        return (
            f"EREF+ST-{token} {f'KREF+{trace} ' if trace else ''}SVWZ+STRIPE{paid} "
            f"ABWA+STRIPE PAYMENTS EUROPE LTD"
        )
    if style == 1:
        return f"STRIPE PAYMENTS EUROPE LTD STRIPE ST-{token}{paid}"
    return f"Stripe Technology Europe Ltd STRIPE {trace or f'ST-{token}'}{paid}"


def write_topups(pen: Pen, topups: Sequence[tuple[str, int, int, str]]) -> None:
    """Write the money sent to the payment provider: (id, created, amount, currency) each."""
    for identity, created, amount, currency in topups:
        on = day_of(created) + timedelta(days=1)
        pen.write(
            ARRIVES_IN[currency], f"topup/{identity}", on, -amount, "transfer",
            f"SEPA-LASTSCHRIFT STRIPE PAYMENTS EUROPE LTD TOPUP {identity[-9:]} "
            f"MREF+ST{pen.number('topup', identity)}",
            counterparty=_PROCESSOR, counterparty_iban=_PROCESSOR_IBAN, reference=identity,
        )  # fmt: skip
