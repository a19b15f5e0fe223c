"""A template and a debt become a message that says the same in HTML and text, and nothing else."""

import re
from dataclasses import replace
from datetime import date

import pytest

from core.errors import InvalidInputError
from core.money import Money
from recovery.messages.facts import EXAMPLE, NAMES
from recovery.messages.faults import Fault, faults
from recovery.messages.rendering import Brand, render, variables
from recovery.messages.templates import LANGUAGES, Purpose, Template, Tone, library, reasons

BRAND = Brand("Northwind Analytics", postal_address="Hafenstraße 1, 20457 Hamburg")
EVERY = [(p, language, t) for p in Purpose for language in LANGUAGES for t in Tone]


def template(**changes: object) -> Template:
    return replace(library(Purpose.REMINDER, "en", Tone.NEUTRAL), **changes)


@pytest.mark.parametrize(("purpose", "language", "tone"), EVERY)
def test_every_template_of_the_library_can_be_filled_in(
    purpose: Purpose, language: str, tone: Tone
) -> None:
    found = library(purpose, language, tone)
    assert faults(found) == []
    assert {"amount", "support_email", "company_name"} <= variables(found)
    assert any(name.endswith("_on") for name in variables(found))
    for facts in (EXAMPLE, EXAMPLE.bare()):
        message = render(found, facts, BRAND)
        for shown in (message.text, message.html):
            assert facts.pay_url in shown
            assert "{" not in shown.split("</head>")[-1]
        assert not any(" ".join(words) in message.text for words in ((" ,",), (" .",), ("  ",)))
        assert len(message.subject) <= 60


def test_a_message_reads_as_it_was_meant() -> None:
    message = render(
        library(Purpose.PAYMENT_FAILED, "de", Tone.FIRM),
        replace(EXAMPLE, amount=Money(129900, "EUR")),
        BRAND,
        unsubscribe_url="https://pay.northwind.example/u/1",
    )
    assert message.subject == "Zahlung fehlgeschlagen: 1.299,00\xa0€ offen"
    assert message.text == (
        "Guten Tag Ada Byron,\n\n"
        "die Zahlung von 1.299,00\xa0€ für die Rechnung INV-2041 ist am 20. November 2026"
        " fehlgeschlagen: Guthaben oder Limit haben nicht ausgereicht.\n\n"
        "Der Betrag bleibt fällig. Bitte zahlen Sie ihn bis zum 25. November 2026, dann versuchen"
        " wir es erneut, oder hinterlegen Sie eine andere Zahlungsart.\n\n"
        "1.299,00\xa0€ zahlen: https://pay.northwind.example/r/8f2k\n\n"
        "Wenn Sie nicht rechtzeitig zahlen können oder der Betrag nicht stimmt, sagen Sie uns bitte"
        " Bescheid: billing@northwind.example.\n\n"
        "Mit freundlichen Grüßen\nNorthwind Analytics\n\n"
        "-- \nNorthwind Analytics\nHafenstraße 1, 20457 Hamburg\n"
        "Diese Erinnerungen beenden: https://pay.northwind.example/u/1\n"
    )


@pytest.mark.parametrize(
    ("amount", "language", "region", "shown"),
    [
        (Money(500, "JPY"), "en", "", "¥500"),
        (Money(5120, "KWD"), "en", "", "KWD\xa05.120"),
        (Money(129900, "EUR"), "fr", "", "1\u202f299,00\xa0€"),
        (Money(129900, "CHF"), "de", "CH", "CHF\xa01’299.00"),
        (Money(129900, "EUR"), "de", "AT", "€\xa01.299,00"),
        (Money(7, "USD"), "es", "MX", "USD\xa00.07"),
        (Money(9_007_199_254_740_993, "USD"), "en", "", "$90,071,992,547,409.93"),
    ],
)
def test_amounts_keep_their_decimals_as_the_reader_writes_them(
    amount: Money, language: str, region: str, shown: str
) -> None:
    found = library(Purpose.REMINDER, language, Tone.NEUTRAL)
    message = render(found, replace(EXAMPLE, amount=amount), BRAND, region=region)
    assert shown in message.text


def test_a_message_loads_nothing() -> None:
    """No font, style or picture from elsewhere, by which whoever reads could be followed."""
    html = render(template(), EXAMPLE, BRAND).html
    found = re.findall(r"(?:href|src)=.([^\"'>]+)|url\(([^)]+)|@import ([^;]+)", html)
    assert {"".join(one) for one in found} == {EXAMPLE.pay_url}


def test_a_name_is_data_and_no_markup() -> None:
    facts = replace(EXAMPLE, customer_name='<img src=x onerror="alert(1)">{{ pay_url }}')
    html = render(template(), facts, BRAND).html
    assert "<img src=x" not in html
    assert "Hello &lt;img src=x onerror=&#34;alert(1)&#34;&gt;{{ pay_url }}," in html


def test_a_line_break_in_a_name_begins_no_header() -> None:
    words = template(subject="For {{ customer_name }}")
    facts = replace(EXAMPLE, customer_name="Ada\r\nBcc: everyone@example.com")
    assert render(words, facts, BRAND).subject == "For Ada Bcc: everyone@example.com"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("{{ next_attempt_on }}", "ask {% if … %} first"),
        ("{{ ammount }}", "There is no variable ammount"),
        ("{{ amount ", "cannot be read"),
        ("{{ ''.__class__.__mro__ }}", "may not hold"),
        ("{% for a in amount %}{{ a }}{% endfor %}", "may not hold for"),
        ("{{ 'a' * 1000000000 }}", "may not hold"),
        ("{% set a = 1 %}", "may not hold assign"),
        ("{{ amount | pprint }}", "may not hold filter"),
        ("{{ cycler() }}", "may not hold call"),
        ("{% include 'other' %}", "may not hold include"),
    ],
)
def test_what_no_template_may_say_is_found(words: str, told: str) -> None:
    [found] = faults(template(paragraphs=("Hello", words, "Help", "Bye")))
    assert found.part == "paragraph 2"
    assert told in found.detail
    if "variable" not in told:
        with pytest.raises(InvalidInputError):
            render(template(subject=words), EXAMPLE.bare(), BRAND)


@pytest.mark.parametrize(
    ("words", "blamed"),
    [
        # Known and unknown, all alike, both would pass: the mixture breaks.
        ("{% if due_on %}Until {{ access_ends_on }}{% endif %}", "access_ends_on"),
        ("{% if plan_name or card_last4 %}{{ plan_name }}{% endif %}", "plan_name"),
        ("{{ customer_name | upper }}", "customer_name"),
    ],
)
def test_words_that_break_for_some_debts_only_are_found(words: str, blamed: str) -> None:
    start = words.index("{{ " + blamed) + 3
    [found] = faults(template(paragraphs=("Hello", words, "Help", "Bye")))
    assert found == Fault(
        "paragraph 2", "variable_not_asked_for", found.detail, blamed, start, start + len(blamed)
    )
    with pytest.raises(InvalidInputError):
        render(template(subject=words), replace(EXAMPLE, **{blamed: None}), BRAND)


def test_a_reason_nobody_translated_is_told_as_the_bank_s() -> None:
    found = library(Purpose.PAYMENT_FAILED, "en", Tone.NEUTRAL)
    message = render(found, replace(EXAMPLE, reason="of_tomorrow"), BRAND)
    assert "your bank declined it without giving a reason" in message.text


def test_every_language_has_words_for_every_reason() -> None:
    assert {frozenset(reasons(language)) for language in LANGUAGES} == {frozenset(reasons("en"))}


def test_a_link_that_could_be_read_on_its_way_is_refused() -> None:
    for address in ("http://pay.example/r/1", "javascript:alert(1)", "https://", ""):
        with pytest.raises(InvalidInputError):
            replace(EXAMPLE, pay_url=address)
    assert replace(EXAMPLE, pay_url="http://127.0.0.1:8000/r/1").pay_url


def test_a_brand_that_could_be_markup_is_refused() -> None:
    for changes in ({"colour": 'red" onload="x'}, {"colour": "#12345"}, {"logo_url": "data:x"}):
        with pytest.raises(InvalidInputError):
            replace(BRAND, **changes)


@pytest.mark.parametrize(
    ("colour", "text"), [("#1d4ed8", "#ffffff"), ("#ffd400", "#000000"), ("#ffffff", "#000000")]
)
def test_the_button_can_be_read(colour: str, text: str) -> None:
    assert Brand("x", colour=colour).text_colour == text
    assert f'color="{text}"' in render(template(), EXAMPLE, Brand("x", colour=colour)).html or (
        f"color:{text}" in render(template(), EXAMPLE, Brand("x", colour=colour)).html
    )


def test_facts_are_named_once() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert EXAMPLE.bare().due_on is None
    assert EXAMPLE.due_on == date(2026, 11, 18)
