"""What do banks and processors write that names no merchant? Rules as rows: wording to category.

A pattern is a regular expression on the lower-case text; `way` says which direction of money it
holds for (`out`, `in`, or both). The first that fits, wins. Extend here, not in code.
"""

import re

import polars as pl

from ml.rulebook import Reading
from ml.terms import field, when
from ml.texts import either

# Pattern, way, category.
RULES: tuple[tuple[str, str, str], ...] = (
    (r"\b(?:stripe|paypal|adyen|mollie|gocardless|sumup|square inc)\b.*"
     r"(?:transfer|payout|auszahlung)"
     r"|^stripe\b|\bstripe (?:technology|payments)\b", "in", "transfers.payouts"),
    (r"wire fee|maintenance fee|service charge|overdraft fee|account fee|kontof(?:ue|ü)hrung"
     r"|entgeltabschluss|kosten zakelijk|frais (?:bancaires|de tenue)|foreign transaction fee"
     r"|\batm fee\b|card fee|nsf fee|returned item fee|bank charge", "out", "bank_fees.account"),
    (r"interest charge|zinsen.*soll|sollzinsen|finance charge|purchase interest", "out",
     "bank_fees.interest"),
    (r"habenzinsen|interest (?:paid|payment|earned)|\bdividend\b|credit interest", "in",
     "income.interest"),
    (r"\bpayroll\b|\blohn\b|lohn/gehalt|\bgehalt\b|\bsalaris\b|\bsalary\b|\bsalaries\b|\bwages\b"
     r"|^gusto +net\b|\bnomina\b|\bsalaires?\b|^adp (?:wage|payroll)|paychex.*payroll", "out",
     "people.payroll"),
    (r"\bbill\.com\b.*\b(?:billing|payables?)\b", "out", "people.contractors"),
    (r"\birs\b.*\b(?:usataxpymt|tax)\b|usataxpymt|finanzamt|lohnsteuer|umsatzsteuer|\bhmrc\b"
     r"|belastingdienst|\bimpots\b|franchise tax|tax (?:payment|pymt|board)|^gusto +tax\b"
     r"|agencia tributaria|\bvat payment\b|dgfip", "out", "government.taxes"),
    (r"(?:card|kartens?|credit crd|mastercard|visa|\bmc\b) .*"
     r"(?:autopay|abrechnung|online pmt|epayment)"
     r"|kreditkartenabrechnung|autopay payment|payment - thank you|payment .*thank you"
     r"|zahlungseingang lastschrift|amex epayment|chase credit crd|online payment .*thank you",
     "both", "transfers.card_payments"),
    (r"\bloan (?:pymt|payment)\b|darlehen|kreditrate|\bmortgage\b|\btilgung\b|loan repayment",
     "out", "loans.repayments"),
    (r"umbuchung|internal transfer|(?:online|account|own|savings) transfer|transfer (?:to|from) "
     r"(?:savings|checking|account|xx)|overboeking naam|\bxfer\b|virement interne|devisenkauf"
     r"|fx purchase", "both", "transfers.own_accounts"),
    (r"\batm\b|cash withdrawal|withdrawal cash|geldautomat|bargeld|geldautomaat|cashpoint"
     r"|cash advance|retrait dab|\bcajero\b", "both", "transfers.cash"),
    (r"\brent\b|dauerauftrag miete|\bmiete\b|\bhuur\b|\bloyer\b|\balquiler\b|\baffitto\b", "out",
     "premises.rent"),
    (r"^(?:refund|return|reversal|gutschrift storno|erstattung|storno)\b|\brefund\b", "in",
     "income.refunds"),
    (r"\b(?:venmo|zelle|cash app)\b", "both", "transfers.people"),
    (r"^gutschrift|\binv(?:oice)?[ -]?\d|\brechnung\b|svwz\+rg|wire in|ach credit|mobile check"
     r"|\bdeposit\b|customer payment|zahlung rg", "in", "income.sales"),
)  # fmt: skip

# What a processor's rows are, by type (`unified.transactions`).
OF_TYPE: dict[str, str] = {
    "charge": "income.sales",
    "payment": "income.sales",
    "payout": "transfers.payouts",
    "topup": "transfers.own_accounts",
    "transfer": "transfers.own_accounts",
    "transfer_reversal": "transfers.own_accounts",
    "fee": "bank_fees.payment_processing",
    "application_fee": "bank_fees.payment_processing",
    "application_fee_refund": "bank_fees.payment_processing",
}


_COMPILED = [(re.compile(pattern), way, category) for pattern, way, category in RULES]
_WAYS: dict[str, pl.DataType] = {way: pl.String() for way in ("out", "in", "neither")}


def meant(text: str) -> tuple[str | None, ...]:
    """Return what a text means of money out, of money in, and of neither.

    Examples
    --------
    >>> meant("PAYROLL 05/24"), meant("SHELL")
    (('people.payroll', None, None), (None, None, None))
    """
    lower = text.lower()
    fitting = [(way, category) for rule, way, category in _COMPILED if rule.search(lower)]
    return tuple(
        next((category for way, category in fitting if way in (asked, "both")), None)
        for asked in _WAYS
    )


READING = Reading(None, meant, _WAYS, holding=f"(?i){either(pattern for pattern, _, _ in RULES)}")
WORDING = when(
    field("amount_minor") < 0, field("out"),
    when(field("amount_minor") > 0, field("in"), field("neither")),
)  # fmt: skip
