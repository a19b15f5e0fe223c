"""What does the company buy by card? Purchases, refunds, true twins, and a card's monthly bill."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

from sandbox.company.merchants import AMERICAN, EUROPEAN, Merchant
from sandbox.company.pen import Pen
from sandbox.company.people import random_of

# Which sellers a card or account pays, and the account that settles the card.
CARDS: tuple[tuple[str, tuple[Merchant, ...]], ...] = (
    ("usd_card", AMERICAN[:-3]),
    ("usd_travel_card", (AMERICAN[8], AMERICAN[10], AMERICAN[9])),
    ("usd_operating", AMERICAN[-3:]),
    ("eur_card", EUROPEAN[5:]),
    ("eur_operating", EUROPEAN[:5]),
)
# One purchase and one refund of these amounts in every account that pays by card, so that signs
# and decimals can be followed from the bank's text to the last table.
SAMPLE_AMOUNTS = {"usd": 4_250, "eur": 4_250, "jpy": 500, "kwd": 5_120}
SAMPLE_ACCOUNTS = (
    "usd_operating",
    "usd_card",
    "usd_travel_card",
    "eur_operating",
    "eur_card",
    "eur_reserve",
    "jpy_current",
    "kwd_current",
)
_SAMPLE_DAYS = (9, 16)
BILLS = (
    ("usd_card", "usd_operating", "CASCADE CARD AUTOPAY PPD {n}", "AUTOPAY PAYMENT - THANK YOU"),
    (
        "usd_travel_card",
        "usd_operating",
        "PRAIRIE CU MC ONLINE PMT {n} WEB",
        "ONLINE PAYMENT {n} THANK YOU",
    ),
    (
        "eur_card",
        "eur_operating",
        "SEPA-LASTSCHRIFT KARTEN DIREKT ABRECHNUNG {n}",
        "ZAHLUNGSEINGANG LASTSCHRIFT {n}",
    ),
)


def write_samples(pen: Pen, until: date) -> None:
    """Write the sample purchase and refund of each account, in the company's last weeks."""
    for account_id in SAMPLE_ACCOUNTS:
        amount = SAMPLE_AMOUNTS[pen.accounts[account_id].currency]
        bought_on, returned_on = (until - timedelta(days=days) for days in reversed(_SAMPLE_DAYS))
        pen.write(
            account_id, "sample/purchase", bought_on, -amount, "card_purchase",
            "PAPERCHASE SAMPLE STORE 0042", 1, merchant="Paperchase", mcc="5943",
            counterparty="Paperchase",
        )  # fmt: skip
        pen.write(
            account_id, "sample/refund", returned_on, amount, "refund",
            "RETURN PAPERCHASE SAMPLE STORE 0042", merchant="Paperchase", mcc="5943",
            counterparty="Paperchase",
        )  # fmt: skip


def write_purchases(pen: Pen, month: date) -> None:
    """Write a month's purchases of every card."""
    for account_id, merchants in CARDS:
        for merchant in merchants:
            random = random_of(pen.seed, "bank", account_id, merchant.name, month)
            whole, tenths = divmod(merchant.a_month, 10)
            for number in range(whole + (random.random() * 10 < tenths)):
                _purchase(pen, account_id, merchant, month, number, random)


def _purchase(
    pen: Pen, account_id: str, merchant: Merchant, month: date, number: int, random: Random
) -> None:
    subscription = merchant.kind == "software"
    # A subscription renews on its own day of the month, other purchases fall on any.
    own_day = int(pen.number("renewal", merchant.name, digits=2)) % 27
    on = month + timedelta(days=own_day if subscription else random.randrange(28))
    amount = random.randrange(merchant.cost[0], merchant.cost[1] + 1)
    digits = pen.number(account_id, merchant.name, month, number)
    text = random.choice(merchant.spellings).format(
        n=digits, d=on.strftime("%m/%d"), m=on.strftime("%m/%Y")
    )
    key = f"purchase/{merchant.name}/{month:%Y-%m}/{number}"
    pending_days = random.choice((1, 1, 2, 3)) if random.random() < 0.85 else None
    named: dict[str, Any] = {
        "merchant": merchant.name,
        "mcc": merchant.mcc,
        "counterparty": merchant.name,
    }
    bought = pen.write(account_id, key, on, -amount, merchant.kind, text, pending_days, **named)
    # The second coffee of the day: nothing but its id tells it from the first.
    if merchant.mcc in ("5814", "4112") and random.random() < 0.12:
        pen.write(
            account_id, f"{key}/twin", bought.booked_on, -amount, merchant.kind, text,
            pending_days, **named,
        )  # fmt: skip
    if not subscription and random.random() < 0.05:
        part = amount if random.random() < 0.6 else amount // 2
        back_on = on + timedelta(days=random.randrange(4, 15))
        pen.write(account_id, f"{key}/back", back_on, part, "refund", f"REFUND {text}", **named)


def write_card_bills(pen: Pen, month: date) -> None:
    """Pay off, on the 20th, what each card owed at the month's first day."""
    for card, payer, out, into in BILLS:
        owed = -pen.balance_before(card, month)
        if owed > 0:
            token = pen.number("bill", card, month)
            pen.pair(
                f"bill/{card}/{month:%Y-%m}", month + timedelta(days=19),
                (payer, owed, out.format(n=token)), (card, owed, into.format(n=token)), days=1,
            )  # fmt: skip
