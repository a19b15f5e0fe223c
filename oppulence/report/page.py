"""How does a month become a page? The template, filled in: text, bars, tables, and two drawings.

The page runs no script and loads nothing, and says so to the browser. On paper everything that can
be folded is open.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from core.money import format_minor
from oppulence.report import sankey
from oppulence.report.bars import Bar, bars, steps
from oppulence.report.bridge import meanings
from oppulence.report.cases import verdicts
from oppulence.report.cash import CashChain
from oppulence.report.findings import STEPS, Cohort, Findings, tenths

CASES_SHOWN, CASES_FEW = 200, 8
WIDE, NARROW = 760, 340
_HERE = Path(__file__).parent
_TEMPLATES = Environment(
    loader=FileSystemLoader(_HERE),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def money(amount_minor: int, currency: str) -> str:
    """Return an amount with its currency: `-1,234.50 EUR`."""
    sign, digits = ("−", abs(amount_minor)) if amount_minor < 0 else ("", amount_minor)
    whole, dot, rest = format_minor(digits, currency).partition(".")
    return f"{sign}{int(whole):,}{dot}{rest} {currency}"


def signed(amount_minor: int, currency: str) -> str:
    """Return an amount that says whether it was more or less."""
    return ("+" if amount_minor > 0 else "") + money(amount_minor, currency)


def percent(part: int, whole: int) -> str:
    """Return a share: `98.5 %`; nothing of nothing is a dash."""
    if whole == 0:
        return "–"
    share = tenths(part, whole)
    sign = "−" if share < 0 else ""
    return f"{sign}{abs(share) // 10}.{abs(share) % 10} %"


def heat(part: int, whole: int) -> int:
    """Return how strongly a cell is coloured, 0 to 10: all of it or more is 10."""
    return 0 if whole <= 0 else max(0, min(10, part * 10 // whole))


def whole_months(cohorts: Sequence[Cohort]) -> int:
    """Return how many ages the oldest of them has."""
    return max((len(one.mrr_minor) for one in cohorts), default=0)


def amounts(parts: Iterable[tuple[int, str]]) -> str:
    """Return amounts of several currencies in a row."""
    return ", ".join(money(amount, currency) for amount, currency in parts)


def day(when: date) -> str:
    """Return a day of a month: `27 November`."""
    return f"{when.day} {when:%B}"


def chain(cash: CashChain, width: int) -> Markup:
    """Return the Sankey of a currency's cash."""
    uses = [
        flow
        for name, amount in cash.uses
        for flow in (cash.arrivals if name == "Payouts" and cash.arrivals else [(name, amount)])
    ]
    total = sum(amount for _, amount in cash.sources)
    return sankey.draw(
        f"Where the cash of the month went, in {cash.currency}",
        [(name, amount, money(amount, cash.currency)) for name, amount in cash.sources],
        ("Stripe", money(total, cash.currency)),
        [(name, amount, money(amount, cash.currency)) for name, amount in uses],
        width=width,
        height=max(320, 46 * max(len(cash.sources), len(uses)) + 160),
    )


def render(findings: Findings, company: str, *, is_printed: bool = False) -> str:
    """Return the page as HTML."""
    return _TEMPLATES.get_template("page.html").render(
        css=Markup((_HERE / "page.css").read_text(encoding="utf-8")),  # noqa: S704 - our own file
        company=company,
        found=findings,
        closings=[(one.closing_minor, one.currency) for one in findings.mrr],
        owed=[(one.total_minor, one.currency) for one in findings.ageing],
        recovered=[(one.steps[2][2], one.currency) for one in findings.recovery],
        is_open=is_printed,
        steps_of=STEPS,
        shown=findings.cases[:CASES_SHOWN],
        few=CASES_FEW,
        verdicts=verdicts,
        meanings=meanings,
        amounts=amounts,
        day=day,
        money=money, signed=signed, percent=percent, heat=heat, bars=bars, steps=steps,
        chain=chain, whole_months=whole_months, wide=WIDE, narrow=NARROW, nothing=Bar(0.0, 0.0),
    )  # fmt: skip
