"""May this message be published? Every check over a template or over plain words.

A template is checked as a reader gets it, filled in with a debt of which everything is known, and
as it is written: variables that break for some debts, facts that no reader is told.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from core.errors import InvalidInputError
from recovery.messages.facts import EXAMPLE, Facts
from recovery.messages.faults import Fault, faults
from recovery.messages.rendering import Brand, named_in, render, variables
from recovery.messages.sms import EXAMPLE_LINKED, EXAMPLE_STOP_URL, TextMessage, write_sms
from recovery.messages.templates import Template, Tone
from recovery.tone.findings import Check, Finding
from recovery.tone.readability import GRADE_LIMITS, reading_grade, words
from recovery.tone.rules import broken

LONGEST_SUBJECT = 60
WORDS_OF_BODY = (25, 180)
# With both links the library's take two; one letter beyond the telephone's alphabet makes it four.
MOST_SEGMENTS = 3
# An exclamation mark may thank; a firm or formal letter has none.
EXCLAMATIONS = {Tone.FRIENDLY: 1, Tone.NEUTRAL: 0, Tone.FIRM: 0, Tone.FORMAL: 0}
_REQUIRED: Mapping[str, str] = {
    "amount": "It does not say how much.",
    "support_email": "It does not say whom to ask.",
    "company_name": "It does not say who writes.",
}
# Its reader sees a number, no sender; what to do and whom to ask stand behind the link.
_REQUIRED_IN_SMS = ("amount", "company_name")
_SHORTEN = "Shorten the short message."
_DAYS = ("due_on", "next_attempt_on", "access_ends_on")
_MEND = {
    "unknown_variable": "Take one of the variables that exist, or leave it out.",
    "variable_not_asked_for": "Ask first: {{% if {0} %}}… {{{{ {0} }}}} …{{% endif %}}.",
    "unreadable_template": "Name facts and ask whether one is known; nothing else is understood.",
}


def check_template(template: Template, facts: Facts = EXAMPLE) -> list[Finding]:
    """Return every finding of a template, those that block first."""
    unfillable = [_broken(fault) for fault in faults(template)]
    if unfillable:
        return unfillable
    message = render(template, facts, Brand(facts.company_name))
    body = message.text.replace(facts.pay_url, "")
    try:
        sms = write_sms(
            template, replace(facts, pay_url=EXAMPLE_LINKED.pay_url), stop_url=EXAMPLE_STOP_URL
        )
    except InvalidInputError as error:  # filled in it was: so it is too long for any carrier
        return [_whole(Check.BROKEN_VARIABLE, "sms_too_long", "sms", error.detail, _SHORTEN)]
    parts = {"subject": message.subject, "body": body, "sms": sms.said}
    found = [*_missing(template), *check_text(parts, template.language)]
    found += [*_lengths(message.subject, body, sms), *_voice(template.tone, parts)]
    grade, limit = reading_grade(body), GRADE_LIMITS[template.language]
    if grade > limit:
        text = f"It reads like grade {grade}; {limit} is the most."
        found.append(
            _whole(Check.READING_GRADE, "grade_too_high", "body", text,
                   "Shorten sentences and words.", value=grade, limit=limit)
        )  # fmt: skip
    return sorted(found, key=lambda finding: not finding.is_blocking)


def check_text(parts: Mapping[str, str], language: str) -> list[Finding]:
    """Return what plain words say that they must not, part by part."""
    found = [finding for part, text in parts.items() for finding in broken(language, part, text)]
    for part, text in parts.items():
        shouted = [word for word in words(text) if len(word) > 3 and word.isupper()]
        if len(shouted) > 1:
            reason = f"It shouts: {', '.join(shouted[:3])}."
            found.append(
                _whole(Check.SPAM, "shouting", part, reason, "Write in small letters.",
                       value=len(shouted), limit=1)
            )  # fmt: skip
    return found


def _broken(fault: Fault) -> Finding:
    """Say which variable is wrong, and where it is written."""
    number = fault.part.removeprefix("paragraph ")
    paragraph = int(number) if number.isdigit() else None
    return Finding(
        Check.BROKEN_VARIABLE, fault.rule, fault.part if paragraph is None else "body",
        fault.start, fault.end, fault.variable if fault.variable and fault.end else "",
        fault.detail, _MEND[fault.rule].format(fault.variable), paragraph=paragraph,
        is_written=True, variable=fault.variable,
    )  # fmt: skip


def _missing(template: Template) -> list[Finding]:
    named = variables(template)
    found = [
        _whole(Check.MISSING_FACT, f"{name}_missing", "body", reason, f"Name {{{{ {name} }}}}.",
               suggested_variables=(name,))
        for name, reason in _REQUIRED.items()
        if name not in named
    ]  # fmt: skip
    found += [
        _whole(Check.MISSING_FACT, f"sms_{name}_missing", "sms", _REQUIRED[name],
               f"Name {{{{ {name} }}}}.", suggested_variables=(name,))
        for name in _REQUIRED_IN_SMS
        if name not in named_in(template.sms)
    ]  # fmt: skip
    if not any(name.endswith("_on") for name in named):
        told = "Name {{ due_on }}, {{ next_attempt_on }} or {{ access_ends_on }}."
        found.append(
            _whole(Check.MISSING_FACT, "day_missing", "body", "It names no day.", told,
                   suggested_variables=_DAYS)
        )  # fmt: skip
    if not template.action.strip():
        found.append(
            _whole(Check.MISSING_FACT, "action_missing", "action",
                   "It does not say what to do.", "Give the button a verb.")
        )  # fmt: skip
    return found


def _lengths(subject: str, body: str, sms: TextMessage) -> Iterator[Finding]:
    if len(subject) > LONGEST_SUBJECT:
        text = f"{len(subject)} characters; telephones show {LONGEST_SUBJECT}."
        yield _whole(Check.LENGTH, "subject_too_long", "subject", text, "Shorten the subject.",
                     value=len(subject), limit=LONGEST_SUBJECT)  # fmt: skip
    count = len(words(body))
    fewest, most = WORDS_OF_BODY
    if not fewest <= count <= most:
        text = f"{count} words; {fewest} to {most} are read."
        rule, limit = ("body_too_short", fewest) if count < fewest else ("body_too_long", most)
        yield _whole(Check.LENGTH, rule, "body", text, "Say one thing and what to do.",
                     value=count, limit=limit)  # fmt: skip
    if sms.segments > MOST_SEGMENTS:
        text = f"It is sent, and paid, as {sms.segments} text messages; {MOST_SEGMENTS} are plenty."
        yield _whole(Check.LENGTH, "sms_too_long", "sms", text, _SHORTEN,
                     value=sms.segments, limit=MOST_SEGMENTS)  # fmt: skip


def _voice(tone: Tone, parts: Mapping[str, str]) -> Iterator[Finding]:
    marks, most = sum(text.count("!") for text in parts.values()), EXCLAMATIONS[tone]
    if marks > most:
        text = f"{marks} exclamation marks; a {tone} voice has {most} at most."
        yield _whole(Check.VOICE, "exclamation_marks", "body", text,
                     "End the sentence with a full stop.", value=marks, limit=most)  # fmt: skip


def _whole(
    check: Check, rule: str, part: str, reason: str, suggestion: str, **fields: Any
) -> Finding:
    return Finding(check, rule, part, 0, 0, "", reason, suggestion, **fields)
