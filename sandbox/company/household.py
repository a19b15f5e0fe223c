"""What does the company pay and earn every month beside its cards and its payouts?

Rent, payroll twice a month, contractors, taxes, fees, interest, a loan, transfers between its own
accounts, and the few customers that pay by bank transfer.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from sandbox.company.bank_accounts import iban
from sandbox.company.pen import Pen
from sandbox.company.people import random_of


@dataclass(frozen=True, slots=True)
class Scale:
    """How large the company is: what it earns through payouts in a month, minor units."""

    eur: int
    usd: int

    def staff(self, currency: str) -> int:
        """How many people it pays in a currency."""
        earned = self.eur if currency == "eur" else self.usd
        return min(max(earned * 45 // 100 // 520_000, 2), 14)


STAFF = (
    "Femke Jansen", "Jonas Berg", "Ines Costa", "Oskar Novak", "Chiara Moreau", "Elif Fischer",
    "Goran Ivanov", "Hana Kimura", "Liam Hughes", "Maya Duarte", "Noor Garcia", "Priya Larsen",
    "Bruno Abbott", "Ada Eriksen",
)  # fmt: skip
CONTRACTORS = (
    ("eur_operating", "Studio Vermeer B.V.", iban("NL", "AMSL0300065264"), 185_000),
    ("eur_operating", "K. Lindqvist Design", iban("DE", "370400440532013000"), 96_000),
    ("usd_operating", "Rosa Delgado Consulting LLC", None, 240_000),
    ("usd_operating", "Pine & Pixel LLC", None, 118_000),
)
# Customers outside the payment provider: account, name, IBAN, monthly amount.
BANK_CUSTOMERS = (
    ("eur_operating", "Müller Maschinenbau GmbH", iban("DE", "500105175407324931"), 149_000),
    ("eur_operating", "Aldgate Freight BV", iban("NL", "AMSL0123456789"), 98_000),
    ("eur_operating", "Société Lavandière SARL", iban("FR", "30006000011234567890189"), 71_400),
    ("usd_operating", "Harbor & Finch Inc", None, 165_000),
    ("usd_operating", "Copperline Mutual", None, 88_500),
    ("usd_operating", "Westmere School District", None, 52_000),
    ("jpy_current", "Kabushiki Kaisha Aozora", None, 148_000),
    ("kwd_current", "Gulf Lantern Trading WLL", None, 412_500),
)
_LANDLORD_IBAN = iban("DE", "200500001009123456")
_TAX_OFFICE_IBAN = iban("DE", "200000000020001530")


def write_month(pen: Pen, month: date, scale: Scale) -> None:
    """Write the month that begins on `month`."""
    _european(pen, month, scale)
    _american(pen, month, scale)
    _customers(pen, month)
    _transfers(pen, month)


def _last(month: date) -> date:
    return month.replace(day=monthrange(month.year, month.month)[1])


def _on(month: date, day: int) -> date:
    return month + timedelta(days=day - 1)


def _european(pen: Pen, month: date, scale: Scale) -> None:
    label, own = f"{month:%m/%Y}", "eur_operating"
    key = f"{month:%Y-%m}"
    pen.write(
        own, f"rent/{key}", month, -240_000, "rent",
        f"DAUERAUFTRAG MIETE {label} BUEROHAUS SPEICHERSTADT SVWZ+MIETE BUERO 3.OG",
        counterparty="Speicherstadt Immobilien KG", counterparty_iban=_LANDLORD_IBAN,
    )  # fmt: skip
    staff = scale.staff("eur")
    for half, on in ((1, _on(month, 15)), (2, _last(month))):
        for number in range(staff):
            gross = 198_000 + 13_750 * number
            name = STAFF[number]
            pen.write(
                own, f"payroll/{key}/{half}/{number}", on, -gross, "payroll",
                f"SEPA-UEBERWEISUNG SVWZ+LOHN/GEHALT {label} {half}. HAELFTE {name.upper()}",
                counterparty=name,
                counterparty_iban=iban("DE", f"20050550{pen.number('staff', number, digits=10)}"),
            )  # fmt: skip
    random = random_of(pen.seed, "bank", "tax", month)
    wage_tax, sales_tax = staff * 96_400, scale.eur * random.randrange(9, 14) // 100 + 31_000
    for name, amount in (("LOHNSTEUER", wage_tax), ("UMSATZSTEUER", sales_tax)):
        pen.write(
            own, f"tax/{name}/{key}", _on(month, 10), -amount, "tax",
            f"FINANZAMT HAMBURG-MITTE SVWZ+STNR 48/712/{pen.number('tax', name)} {name} {label}",
            counterparty="Finanzamt Hamburg", counterparty_iban=_TAX_OFFICE_IBAN,
        )  # fmt: skip
    pen.write(
        own, f"fee/{key}", _last(month), -random.randrange(1_490, 3_320), "fee",
        f"ENTGELTABSCHLUSS {label} KONTOFUEHRUNG BUCHUNGSPOSTEN",
    )  # fmt: skip
    pen.write("eur_reserve", f"fee/{key}", month, -1_250, "fee", f"Kosten zakelijk betalen {label}")
    pen.write(
        "eur_reserve", f"insurance/{key}", _on(month, 12), -18_420, "card_purchase",
        f"SEPA Incasso algemeen doorlopend Naam: NOORDER VERZEKERINGEN Machtiging: NV{label}",
        counterparty="Noorder Verzekeringen", counterparty_iban=iban("NL", "AMSL0665544332"),
        merchant="Noorder Verzekeringen", mcc="6300",
    )  # fmt: skip
    for place, amount in (("jpy_current", -330), ("kwd_current", -1_250)):
        pen.write(place, f"fee/{key}", _last(month), amount, "fee", f"CURRENCY ACCOUNT FEE {label}")


def _american(pen: Pen, month: date, scale: Scale) -> None:
    own, key = "usd_operating", f"{month:%Y-%m}"
    pen.write(
        own, f"rent/{key}", month, -310_000, "rent",
        f"ORIG CO NAME:CONGRESS AVE OFFICES CO ENTRY DESCR:RENT SEC:PPD TRACE#:"
        f"{pen.number('rent', month, digits=15)}", 0,
        counterparty="Congress Ave Offices LP",
    )  # fmt: skip
    staff = scale.staff("usd")
    for half, on in ((1, _on(month, 15)), (2, _last(month))):
        net = sum(214_000 + 14_900 * number for number in range(staff))
        token = pen.number("gusto", month, half)
        for name, amount, kind in (("NET", net, "payroll"), ("TAX", net * 31 // 100, "tax")):
            pen.write(
                own, f"gusto/{name}/{key}/{half}", on, -amount, kind,  # type: ignore[arg-type]
                f"GUSTO            {name}        {token} NORTHWIND ANALYTICS INC", 0,
                counterparty="Gusto", reference=token,
            )  # fmt: skip
    random = random_of(pen.seed, "bank", "american", month)
    if month.month in (1, 4, 6, 9):
        pen.write(
            own, f"tax/irs/{key}", _on(month, 15), -(scale.usd * 6 // 100 + 45_000), "tax",
            f"IRS USATAXPYMT {pen.number('irs', month, digits=15)} CCD", counterparty="IRS",
        )  # fmt: skip
    if random.random() < 0.6:
        pen.write(own, f"wire/{key}", _on(month, 22), -2_500, "fee", "INCOMING WIRE FEE")
    pen.write(own, f"fee/{key}", _last(month), -1_800, "fee", "MONTHLY MAINTENANCE FEE")
    # A loan instalment: paid from checking, written on the loan as the payment and its interest.
    pen.pair(
        f"loan/{key}", _on(month, 5),
        (own, 138_700, f"CASCADE NB LOAN PYMT 7745 AUTOPAY {month:%y%m}05"),
        ("usd_loan", 138_700, "PAYMENT - THANK YOU"), "loan_payment",
    )  # fmt: skip
    owed = -pen.balance_before("usd_loan", month)
    # 7.2 % a year on what was owed at the month's beginning.
    pen.write(
        "usd_loan", f"interest/{key}", month, -(owed * 6 // 1_000), "interest", "INTEREST CHARGE"
    )


def _customers(pen: Pen, month: date) -> None:
    for number, (account_id, name, number_there, amount) in enumerate(BANK_CUSTOMERS):
        random = random_of(pen.seed, "bank", "customer", number, month)
        invoice = f"NW-{month:%Y%m}-{number + 1:02d}"
        on = _on(month, 8) + timedelta(days=random.randrange(18))
        upper = name.upper()
        texts = (
            f"GUTSCHRIFT {upper} SVWZ+RG {invoice} VIELEN DANK",
            f"{upper} RECHNUNG {invoice}",
            f"Zahlung {invoice.replace('-', ' ')} {name}",
        ) if account_id != "usd_operating" else (
            f"WIRE TYPE:WIRE IN DATE:{on:%y%m%d} TRN:{pen.number('trn', name, month)} "
            f"ORIG:{upper} DET:INV {invoice}",
            f"ACH CREDIT {upper} {invoice}",
            f"DEPOSIT MOBILE CHECK {upper}",
        )  # fmt: skip
        paid = pen.write(
            account_id, f"customer/{number}/{month:%Y-%m}", on, amount, "customer_payment",
            random.choice(texts), counterparty=name, counterparty_iban=number_there,
            reference=invoice,
        )  # fmt: skip
        if random.random() < 0.03:
            back_on = paid.booked_on + timedelta(days=9)
            pen.write(
                account_id, f"customer/{number}/{month:%Y-%m}/back", back_on, -(amount // 4),
                "refund", f"REFUND {upper} {invoice}", counterparty=name,
                counterparty_iban=number_there, reference=invoice,
            )  # fmt: skip
    for number, (account_id, name, number_there, amount) in enumerate(CONTRACTORS):
        random = random_of(pen.seed, "bank", "contractor", number, month)
        owed = amount + random.randrange(-200, 400) * 100
        text = (
            f"SEPA-UEBERWEISUNG {name.upper()} SVWZ+RE {month:%Y%m}{number}"
            if number_there
            else f"BILL.COM LLC BILLING {name.upper()} INV {month:%Y%m}{number}"
        )
        pen.write(
            account_id, f"contractor/{number}/{month:%Y-%m}", _on(month, 25), -owed, "contractor",
            text, counterparty=name, counterparty_iban=number_there,
            reference=f"{month:%Y%m}{number}",
        )  # fmt: skip


def _transfers(pen: Pen, month: date) -> None:
    key = f"{month:%Y-%m}"
    pen.pair(
        f"save/eur/{key}", _on(month, 6),
        ("eur_operating", 50_000, "UMBUCHUNG TAGESGELD SVWZ+RUECKLAGE"),
        ("eur_savings", 50_000, "UMBUCHUNG VON GESCHAEFTSKONTO SVWZ+RUECKLAGE"),
    )  # fmt: skip
    pen.pair(
        f"reserve/{key}", _on(month, 7),
        ("eur_operating", 30_000, "SEPA-UEBERWEISUNG NORTHWIND ANALYTICS SVWZ+RESERVE"),
        ("eur_reserve", 30_000, "SEPA Overboeking Naam: NORTHWIND ANALYTICS Omschrijving: RESERVE"),
        days=1,
    )  # fmt: skip
    pen.pair(
        f"save/usd/{key}", _on(month, 6),
        ("usd_operating", 75_000, f"ONLINE TRANSFER TO PRAIRIE CU XXXXXX4418 {month:%m/%y}"),
        ("usd_savings", 75_000, "ACH DEPOSIT NORTHWIND ANALYTICS XFER CASCADE NB"), days=1,
    )  # fmt: skip
    for account_id, text, per_mille in (
        ("eur_savings", f"HABENZINSEN {month:%m/%Y}", 15),
        ("usd_savings", "INTEREST PAID / DIVIDEND", 30),
    ):
        held = pen.balance_before(account_id, month)
        pen.write(
            account_id,
            f"interest/{key}",
            _last(month),
            held * per_mille // 12_000,
            "interest",
            text,
        )
    if month.month % 3 == 1:
        for into, original, paid, text in (
            ("jpy_current", 160_000, 102_480, "DEVISENKAUF JPY 160.000 KURS 156,13"),
            ("kwd_current", 300_000, 91_350, "DEVISENKAUF KWD 300,000 KURS 0,32841"),
        ):
            currency = pen.accounts[into].currency
            pen.pair(
                f"exchange/{currency}/{key}", _on(month, 18), ("eur_operating", paid, text),
                (into, original, f"FX PURCHASE {currency.upper()} VS EUR {key}"), "conversion",
                days=1,
            )  # fmt: skip
