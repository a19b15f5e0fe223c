"""How would another tone say it? From the library, part by part, so that what is proposed passes.

A rewrite keeps the purpose and the language. What a workspace wrote of its own is not translated
between tones by rule: the library's words for the same purpose are proposed in its place.
"""

from dataclasses import replace

from recovery.messages.templates import Template, Tone, library


def rewritten(template: Template, tone: Tone) -> Template:
    """Return the library's words for the same purpose and language in another tone."""
    return library(template.purpose, template.language, tone)


def repaired(template: Template, part: str) -> Template:
    """Return the template with one part in the library's words: what a finding proposes instead.

    Args:
        template: The workspace's own.
        part: subject, preheader, body, action or sms.

    Raises:
        ValueError: There is no such part.
    """
    known = library(template.purpose, template.language, template.tone)
    if part == "body":
        return replace(template, paragraphs=known.paragraphs)
    if part not in {"subject", "preheader", "action", "sms"}:
        raise ValueError(f"A template has no {part!r}.")
    return replace(template, **{part: getattr(known, part)})
