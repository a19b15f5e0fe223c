"""May this message be published? Every check over a template or over plain words.

A template is checked as a reader gets it, filled in with a debt of which everything is known, and
as it is written: variables that break for some debts, facts that no reader is told.
"""

from collections.abc import Mapping

from recovery.messages.facts import EXAMPLE, Facts
from recovery.messages.rendering import Brand, problems, render, variables
from recovery.messages.templates import Template, Tone
from recovery.tone.findings import Check, Finding
from recovery.tone.readability import GRADE_LIMITS, reading_grade, words
from recovery.tone.rules import broken

LONGEST_SUBJECT = 60
WORDS_OF_BODY = (25, 180)
# Two linked short messages in the telephone's alphabet, the address included.
LONGEST_SMS = 306
# An exclamation mark may thank; a firm or formal letter has none.
EXCLAMATIONS = {Tone.FRIENDLY: 1, Tone.NEUTRAL: 0, Tone.FIRM: 0, Tone.FORMAL: 0}
_REQUIRED: Mapping[str, tuple[str, str]] = {
    "amount": ("It does not say how much.", "Name {{ amount }}."),
    "support_email": ("It does not say whom to ask.", "Name {{ support_email }}."),
    "company_name": ("It does not say who writes.", "Name {{ company_name }}."),
}


def check_template(template: Template, facts: Facts = EXAMPLE) -> list[Finding]:
    """Return every finding of a template, those that block first."""
    unfillable = [
        _whole(
            Check.BROKEN_VARIABLE,
            problem.split(":")[0],
            problem,
            "Mend the variable; an optional one stands inside {% if … %}.",
        )
        for problem in problems(template)
    ]
    if unfillable:
        return unfillable
    message = render(template, facts, Brand(facts.company_name))
    body = message.text.replace(facts.pay_url, "")
    parts = {"subject": message.subject, "body": body, "sms": message.sms}
    found = [*_missing(template), *check_text(parts, template.language)]
    found += [*_lengths(message.subject, body, message.sms), *_voice(template.tone, parts)]
    grade = reading_grade(body)
    if grade > GRADE_LIMITS[template.language]:
        found.append(
            _whole(
                Check.READING_GRADE,
                "body",
                f"It reads like grade {grade}; {GRADE_LIMITS[template.language]} is the most.",
                "Shorten sentences and words.",
            )
        )
    return sorted(found, key=lambda finding: not finding.is_blocking)


def check_text(parts: Mapping[str, str], language: str) -> list[Finding]:
    """Return what plain words say that they must not, part by part."""
    found = [finding for part, text in parts.items() for finding in broken(language, part, text)]
    for part, text in parts.items():
        shouted = [word for word in words(text) if len(word) > 3 and word.isupper()]
        if len(shouted) > 1:
            found.append(
                _whole(
                    Check.SPAM,
                    part,
                    f"It shouts: {', '.join(shouted[:3])}.",
                    "Write in small letters.",
                )
            )
    return found


def _missing(template: Template) -> list[Finding]:
    named = variables(template)
    found = [
        _whole(Check.MISSING_FACT, "body", reason, suggestion)
        for name, (reason, suggestion) in _REQUIRED.items()
        if name not in named
    ]
    if not any(name.endswith("_on") for name in named):
        found.append(
            _whole(
                Check.MISSING_FACT,
                "body",
                "It names no day.",
                "Name {{ due_on }}, {{ next_attempt_on }} or {{ access_ends_on }}.",
            )
        )
    if not template.action.strip():
        found.append(
            _whole(
                Check.MISSING_FACT,
                "action",
                "It does not say what to do.",
                "Give the button a verb.",
            )
        )
    return found


def _lengths(subject: str, body: str, sms: str) -> list[Finding]:
    found = []
    if len(subject) > LONGEST_SUBJECT:
        text = f"{len(subject)} characters; telephones show {LONGEST_SUBJECT}."
        found.append(_whole(Check.LENGTH, "subject", text, "Shorten the subject."))
    count = len(words(body))
    fewest, most = WORDS_OF_BODY
    if not fewest <= count <= most:
        text = f"{count} words; {fewest} to {most} are read."
        found.append(_whole(Check.LENGTH, "body", text, "Say one thing and what to do."))
    if len(sms) > LONGEST_SMS:
        text = f"{len(sms)} characters with its address; {LONGEST_SMS} are two short messages."
        found.append(_whole(Check.LENGTH, "sms", text, "Shorten the short message."))
    return found


def _voice(tone: Tone, parts: Mapping[str, str]) -> list[Finding]:
    marks = sum(text.count("!") for text in parts.values())
    if marks <= EXCLAMATIONS[tone]:
        return []
    return [
        _whole(
            Check.VOICE,
            "body",
            f"{marks} exclamation marks; a {tone} voice has {EXCLAMATIONS[tone]} at most.",
            "End the sentence with a full stop.",
        )
    ]


def _whole(check: Check, part: str, reason: str, suggestion: str) -> Finding:
    return Finding(check, part, 0, 0, "", reason, suggestion)
