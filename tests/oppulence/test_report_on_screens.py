"""Can a month's page be read on a phone, on a wide screen and on paper? Asked of a browser."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from playwright.sync_api import Browser

from oppulence.report import pdf
from oppulence.report.cases import Case
from oppulence.report.page import render
from tests.oppulence.report_findings import findings
from tests.serving.browsing import chromium, needs_chromium

# What reaches out of its card, but for what scrolls within it.
ESCAPED = """
const drawn = 'section table, section .row, section svg, .tiles dd';
[...document.querySelectorAll(drawn)].filter(one => {
  const card = one.closest('section, .tiles div').getBoundingClientRect()
  const held = (one.closest('.scroll') ?? one).getBoundingClientRect()
  return held.width > 0 && (held.left < card.left || held.right > card.right + 0.5)
}).map(one => one.outerHTML.slice(0, 80))
"""
# How far a bar is from its own label, and from the label of the row below.
NEARNESS = """
[...document.querySelectorAll('.row + .row:not(.total)')].map(next => {
  const row = next.previousElementSibling, box = one => one.getBoundingClientRect()
  const bar = box(row.querySelector('.track'))
  return [bar.top - box(row.querySelector('span')).bottom,
          box(next.querySelector('span')).top - bar.bottom]
}).filter(([own, other]) => own >= other)
"""
BREAKS = """
const names = ['section', 'figure', 'thead tr', 'tbody tr', '.row', 'summary', 'h2'];
Object.fromEntries(names.map(name => {
  const style = getComputedStyle(document.querySelector(name))
  return [name, [style.breakInside, style.breakAfter]]
}))
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def crowded(*, is_printed: bool = False) -> str:
    """A month of five currencies and 25 cases, with identifiers that do not break."""
    month = findings()
    case = month.cases[0]
    long_id = "bank_transaction/" + "8ed259b15b3b42f18453ef43f279d6a1" * 2
    cases = [
        Case(
            "payout", long_id, [("entry", long_id)], date(2026, 10, 31) - timedelta(days=n), n < 2,
            "JPY", 1_234_567_890, 123_456_789, ("missing_in_books", "amount_differs")[n % 2],
            case.reason * 3,
        )
        for n in range(25)
    ]  # fmt: skip
    mrr = [replace(month.mrr[0], currency=code) for code in ("EUR", "USD", "GBP", "JPY", "CHF")]
    return render(replace(month, mrr=mrr, cases=cases), "Ada", is_printed=is_printed)


@needs_chromium
@pytest.mark.parametrize("width", [320, 360, 390, 1200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_whole_on_every_screen_and_asks_nobody(tmp_path, browser, width, scheme):
    page = tmp_path / "report.html"
    page.write_text(crowded(), encoding="utf-8")
    asked, said = [], []
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    shown = context.new_page()
    shown.on("request", lambda request: asked.append(request.url))
    shown.on("console", lambda message: said.append(message.text))
    shown.goto(page.as_uri())
    drawings = shown.locator("svg").evaluate_all("all => all.map(e => e.checkVisibility())")
    assert sorted(drawings) == [False, True]  # one for wide pages, one for phones
    shown.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert shown.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert shown.evaluate(ESCAPED) == []
    if width < 620:
        assert shown.evaluate(NEARNESS) == []
    context.close()
    assert (set(asked), said) == ({page.as_uri()}, [])


@needs_chromium
def test_on_paper_sections_break_and_what_belongs_together_does_not(tmp_path, browser):
    page = tmp_path / "report.html"
    page.write_text(crowded(is_printed=True), encoding="utf-8")
    shown = browser.new_page()
    shown.emulate_media(media="print")
    shown.goto(page.as_uri())
    assert shown.evaluate(BREAKS) == {
        "section": ["auto", "auto"], "figure": ["avoid", "auto"],
        "thead tr": ["avoid", "avoid"], "tbody tr": ["avoid", "auto"],
        ".row": ["avoid", "auto"], "summary": ["auto", "avoid"], "h2": ["auto", "avoid"],
    }  # fmt: skip
    assert shown.evaluate("getComputedStyle(document.querySelector('summary')).listStyleType") == (
        "none"
    )
    shown.close()


@needs_chromium
def test_a_browser_prints_it_without_blank_pages(tmp_path):
    target = tmp_path / "report.pdf"
    pdf.print_page(crowded(is_printed=True), target)
    printed = target.read_bytes()
    assert printed.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type /Page\b", printed)) <= 9


def test_without_a_browser_the_message_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(pdf.NoPdfError) as failed:
        pdf.print_page("<p>", tmp_path / "report.pdf")
    assert "Chromium" in failed.value.detail
    assert "print the page" in failed.value.next_step
