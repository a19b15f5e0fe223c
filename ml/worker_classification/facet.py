"""Who works for the workspace? The facet `worker_classification`: employee, contractor, vendor.

Of money out to somebody who works or sells; nothing of taxes, banks, loans, own transfers and money
given back. The law asks how somebody works, which no bank line tells: this is what the lines
suggest, and it abstains where they do not. The user's word goes first.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import polars as pl

from ml.accounts import is_shown_again
from ml.cases import Cases
from ml.facet import Alone, Context, Facet
from ml.rulebook import Columns, Reading, Rulebook
from ml.terms import always, field, first_of, text, when
from ml.transactions import IS_LINE
from ml.worker_classification.rules import signs
from ml.worker_classification.totals import IS_COUNTED, told_totals

NAME = "worker_classification"
VERSION = "worker-rules-2"
VALUES = ("employee", "contractor", "vendor")
_LEAST_CONFIDENCE = 0.7
_NOBODY = ["transfers", "loans", "bank_fees", "income"]
_PEOPLE = "transfers.people"
_SIGNS = ("payroll", "repayment", "services", "invoice", "network", "platform", "exempt", "formed",
          "attorney")  # fmt: skip
_HELD: dict[str, pl.DataType] = dict.fromkeys((*_SIGNS, "has_text"), pl.Boolean())
_CATEGORY, _WHO = field("category"), field("who")


def _held(text: str) -> tuple[bool, ...]:
    """Which signs a text holds, and whether it says anything."""
    lower = text.lower()
    patterns = _patterns()
    return (*(patterns[sign].search(lower) is not None for sign in _SIGNS), bool(lower.strip()))


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    return {sign: re.compile(pattern) for sign, pattern in signs().items()}


class _ShownAgain:
    """Whether another connection's row is the one that counts."""

    def on_frame(self, lines: pl.DataFrame, context: Context) -> pl.DataFrame:
        del context
        return lines.hstack([is_shown_again(lines)])

    def on_row(self, line: dict[str, Any], alone: Alone) -> None:
        del alone
        line["is_shown_again"] = False


class _Totals:
    """What is to be said of a contractor's year."""

    def on_frame(self, lines: pl.DataFrame, context: Context) -> pl.DataFrame:
        del context
        return lines.hstack([told_totals(lines).alias("totals")])

    def on_row(self, line: dict[str, Any], alone: Alone) -> None:
        del alone
        line["totals"] = told_totals(pl.DataFrame([line]))[0] if IS_COUNTED.of(line) else ""


def _cases() -> Cases:
    is_person = (_WHO == "person") & ~field("is_who_unsure")
    is_behind = field("platform") & field("counterparty").is_null()
    is_known = (_CATEGORY != "") & (_CATEGORY != _PEOPLE) & ~_CATEGORY.starts_with("people.")
    return Cases((
        (field("payroll"), "employee", 0.9, "Wages, or what a payroll service pays as such."),
        (is_behind, "contractor", 0.5, "Paid through a service; who is behind it is not told."),
        (_CATEGORY == "people.payroll", "employee", 0.85, "Its category is wages."),
        (_CATEGORY == "people.contractors", "contractor", 0.85, "Its category is contractors."),
        (is_person & (field("invoice") | field("services")), "contractor", 0.8,
         "A person, paid for an invoice or for services."),
        (is_person, "contractor", 0.5, "A person, but nothing says for what."),
        (is_known & (_CATEGORY != "services.professional"), "vendor", 0.9,
         "A business that sells what its category says."),
        (field("services") & ~field("is_card"), "contractor", 0.75,
         "Its name says that it works to order."),
        (field("formed") | field("is_card"), "vendor", 0.8, "A business, by its form or a card."),
        (always(value=True), "vendor", 0.5, "A business, but nothing says which kind."),
    ))  # fmt: skip


# Settled or pending money out that pays work or goods.
_IS_ASKED = (
    IS_LINE & (field("amount_minor") < 0) & field("has_text")
    & (field("transfer").is_null() | field("no_transfer")) & ~field("repayment")
    & (~_CATEGORY.up_to(".").is_in(_NOBODY) | (_CATEGORY == _PEOPLE))
    & (_CATEGORY != "government.taxes")
    & ~_WHO.is_in(["bank", "government"])
    & ~field("rail").is_in(["fee", "cash", "internal"])
)  # fmt: skip
_IS_CARD = (field("rail") == "card") | (field("account_type").fill_null("") == "credit")
_RULES = Rulebook(
    facet=NAME,
    version=VERSION,
    columns=(
        "provider", "connection_id", "id", "account_id", "account_type", "account_mask",
        "account_iban", "institution", "status", "amount_minor", "currency", "booked_on",
        "merchant", "counterparty",
    ),
    found={
        "name": ("merchant", "value"),
        "said_category": ("category", "value"), "no_category": ("category", "abstained"),
        "said_who": ("counterparty", "value"), "is_who_unsure": ("counterparty", "abstained"),
        "said_rail": ("channel", "value"), "no_rail": ("channel", "abstained"),
        "transfer": ("transfer", "value"), "no_transfer": ("transfer", "abstained"),
    },
    steps=(
        Reading(
            text(field("merchant"), " ", field("counterparty").fill_null("")).stripped(),
            _held, _HELD, is_alike=True,
        ),
        _ShownAgain(),
        # What only a sure answer says.
        Columns(
            {
                "category": when(~field("no_category"), field("said_category")).fill_null(""),
                "rail": when(~field("no_rail"), field("said_rail")).fill_null(""),
                "who": field("said_who").fill_null(""),
                "payee": first_of(field("counterparty"), field("name")),
                "paid": -field("amount_minor"),
                "is_settled": (field("status").fill_null("succeeded") == "succeeded")
                & ~field("is_shown_again"),
                "is_exempt": field("exempt") & ~field("attorney"),
            }
        ),
        Columns({"is_card": _IS_CARD, "is_asked": _IS_ASKED}),
        Columns({"is_network": field("is_card") | field("network")}),
        _cases(),
        Columns(
            {
                "value": when(field("is_asked"), field("value")),
                "confidence": when(field("is_asked"), field("confidence"), 0.0),
            }
        ),
        _Totals(),
    ),
    value=field("value"),
    confidence=field("confidence"),
    evidence=text(field("words"), " ", field("totals")).stripped(),
    abstained=field("confidence") < _LEAST_CONFIDENCE,
)  # fmt: skip


FACET = Facet(
    name=NAME,
    says="`employee`, `contractor` or `vendor`; of contractors paid in US dollars the year's"
    " running total and what a 1099-NEC must report stand in the evidence",
    answer=_RULES.answer,
    alone=_RULES.alone,
    version=VERSION,
    reads="history",
    together="party",
    after=("merchant", "category", "counterparty", "channel", "transfer"),
    values=lambda: frozenset(VALUES),
    card=(
        "Rules as rows on what the line says; nothing is learned, confidences are judgements, and"
        " it was measured on our own generated company alone. Whether somebody is an employee is a"
        " question of law that no bank line answers. The country follows the currency; forms W-9"
        " and W-8 are not known, nor payments from accounts that are not connected."
    ),
)
