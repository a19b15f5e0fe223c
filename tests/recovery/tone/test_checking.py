"""What must not be said is found where it stands; what the library says passes."""

from dataclasses import replace

import pytest

from recovery.messages.templates import LANGUAGES, Purpose, Template, Tone, library
from recovery.tone.checking import check_template, check_text
from recovery.tone.findings import Check, Finding, may_be_published
from recovery.tone.readability import reading_grade, sentences
from recovery.tone.rewriting import repaired, rewritten

EVERY = [(p, language, t) for p in Purpose for language in LANGUAGES for t in Tone]


def template(**changes: object) -> Template:
    return replace(library(Purpose.REMINDER, "en", Tone.NEUTRAL), **changes)


def saying(*own: str) -> Template:
    """A template whose own words stand between the library's greeting and help."""
    known = library(Purpose.REMINDER, "en", Tone.NEUTRAL).paragraphs
    return template(paragraphs=(known[0], known[1], *own, *known[-2:]))


def checks(found: object) -> list[Check]:
    return [finding.check for finding in found]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("purpose", "language", "tone"), EVERY)
def test_nothing_is_found_in_the_library(purpose: Purpose, language: str, tone: Tone) -> None:
    assert check_template(library(purpose, language, tone)) == []


@pytest.mark.parametrize(
    ("language", "words", "check", "excerpt"),
    [
        ("en", "Otherwise we will report you to everyone.", Check.THREAT, "we will report you"),
        ("en", "All your projects will be permanently deleted.", Check.THREAT, None),
        ("en", "Honest customers pay their invoices.", Check.SHAME, None),
        ("en", "Please pay within 24 hours.", Check.FALSE_URGENCY, "within 24 hours"),
        ("en", "We will take legal action.", Check.LEGAL_CLAIM, "legal action"),
        ("de", "Sonst sehen wir uns gezwungen, Sie zu melden.", Check.THREAT, None),
        ("de", "Andere Kunden zahlen pünktlich.", Check.SHAME, None),
        ("de", "Zahlen Sie sofort.", Check.FALSE_URGENCY, "sofort"),
        ("de", "Wir übergeben die Sache unserem Anwalt.", Check.LEGAL_CLAIM, "Anwalt"),
        ("fr", "Vous vous exposez à de graves conséquences.", Check.THREAT, None),
        ("fr", "Les clients sérieux paient.", Check.SHAME, None),
        ("fr", "Payez sous 48 heures.", Check.FALSE_URGENCY, "sous 48 heures"),
        ("fr", "Une action en justice suivra.", Check.LEGAL_CLAIM, "action en justice"),
        ("es", "Aténgase a las consecuencias.", Check.THREAT, None),
        ("es", "Qué vergüenza.", Check.SHAME, "vergüenza"),
        ("es", "Es su última oportunidad.", Check.FALSE_URGENCY, "última oportunidad"),
        ("es", "Lo llevaremos al juzgado.", Check.LEGAL_CLAIM, "juzgado"),
    ],
)
def test_what_must_not_be_said_is_found(
    language: str, words: str, check: Check, excerpt: str | None
) -> None:
    [found] = [f for f in check_text({"body": words}, language) if f.check is check]
    assert words[found.start : found.end] == found.excerpt
    assert found.is_blocking
    assert excerpt in (None, found.excerpt)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "There is no rush, and nothing to be ashamed of."),
        ("en", "Your card expires in January; we never share it with third parties."),
        ("en", "Your access ends on 4 December unless the invoice is paid by then."),
        ("de", "Es eilt nicht: Sie müssen nichts sofort tun."),
        ("fr", "Ce n'est pas urgent."),
        ("es", "No es urgente, no se preocupe."),
    ],
)
def test_words_that_only_look_bad_are_left_alone(language: str, words: str) -> None:
    assert check_text({"body": words}, language) == []


def test_a_curly_apostrophe_hides_nothing() -> None:
    assert checks(check_text({"body": "You’ll regret this."}, "en")) == [Check.THREAT]


def test_a_line_break_hides_nothing() -> None:
    assert checks(check_text({"body": "within\n24 hours"}, "en")) == [Check.FALSE_URGENCY]


def test_a_threat_in_the_subject_or_the_short_message_is_found() -> None:
    found = check_template(
        template(subject="Final warning", sms="{{ company_name }}. Final warning: {{ amount }}")
    )
    assert {(finding.check, finding.part) for finding in found} == {
        (Check.THREAT, "subject"),
        (Check.THREAT, "sms"),
    }
    assert not may_be_published(found)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"paragraphs": ("Hello", "{{ due_on }}", "{{ support_email }}", "{{ company_name }}")}, 0),
        ({"action": ""}, "It does not say what to do."),
    ],
)
def test_facts_that_no_reader_is_told_are_found(changes: dict[str, object], reason: object) -> None:
    found = check_template(template(**changes))
    if reason:
        assert [f.reason for f in found if f.check is Check.MISSING_FACT] == [reason]
    else:
        assert checks(found)[0] is Check.BROKEN_VARIABLE


def test_each_missing_fact_is_named() -> None:
    bare = template(subject="Hello", preheader="Hello", paragraphs=("Hello", "Bye"), action="Pay")
    assert [f.reason for f in check_template(bare) if f.check is Check.MISSING_FACT] == [
        "It does not say how much.",
        "It does not say whom to ask.",
        "It does not say who writes.",
        "It names no day.",
    ]


def test_a_broken_variable_is_found_before_anything_else() -> None:
    found = check_template(saying("Due {{ due_on }}, within 24 hours"))
    assert checks(found) == [Check.BROKEN_VARIABLE]
    assert found == [
        Finding(
            Check.BROKEN_VARIABLE, "variable_not_asked_for", "body", 7, 13, "due_on",
            found[0].reason, "Ask first: {% if due_on %}… {{ due_on }} …{% endif %}.",
            paragraph=3, is_written=True, variable="due_on",
        )
    ]  # fmt: skip
    assert found[0].told.startswith("paragraph 3 “due_on”: A fact is used that not every debt has")


def test_what_was_counted_and_what_would_mend_it_are_fields_of_a_finding() -> None:
    long = template(subject="{{ company_name }}: " + "so " * 20, paragraphs=("A", "B", "C"))
    told = {
        (one.rule, one.severity, one.value, one.limit, one.suggested_variables)
        for one in check_template(long)
    }
    assert told == {
        ("amount_missing", "error", None, None, ("amount",)),
        ("support_email_missing", "error", None, None, ("support_email",)),
        ("day_missing", "error", None, None, ("due_on", "next_attempt_on", "access_ends_on")),
        ("subject_too_long", "warning", 80, 60, ()),
        ("body_too_short", "warning", 5, 25, ()),
    }
    [hurry] = check_text({"body": "Pay within 24 hours."}, "en")
    assert (hurry.rule, hurry.suggested_variables) == (
        "false_urgency_wording", ("access_ends_on", "next_attempt_on"),
    )  # fmt: skip


def test_advice_does_not_keep_a_message_back() -> None:
    words = "we write to you about the aforementioned administrative circumstances and"
    long = saying(" ".join([words] * 30))
    found = check_template(long)
    assert {Check.LENGTH, Check.READING_GRADE} == set(checks(found))
    assert may_be_published(found)


def test_shouting_and_exclamation_are_advice() -> None:
    found = check_template(saying("PLEASE READ THIS CAREFULLY!!"))
    assert set(checks(found)) == {Check.SPAM, Check.VOICE}
    assert may_be_published(found)


def test_a_subject_that_pretends_to_be_an_answer_is_spam() -> None:
    assert checks(check_template(template(subject="Re: your invoice"))) == [Check.SPAM]


def test_the_reading_grade_is_rix() -> None:
    """Two sentences, four words of seven letters or more: 2.0, which Anderson's table calls 6."""
    text = "The payment did not go through. Please contact support."
    assert sentences(text) == 2
    assert reading_grade(text) == 6


def test_a_rewrite_keeps_purpose_and_language_and_passes() -> None:
    own = replace(library(Purpose.PAST_DUE, "fr", Tone.FIRM), subject="Dernier avertissement")
    gentle = rewritten(own, Tone.FRIENDLY)
    assert gentle == library(Purpose.PAST_DUE, "fr", Tone.FRIENDLY)
    assert repaired(own, "subject") == library(Purpose.PAST_DUE, "fr", Tone.FIRM)
    with pytest.raises(ValueError, match="no 'colour'"):
        repaired(own, "colour")
