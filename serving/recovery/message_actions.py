"""How are a workspace's own words kept? Checked first: what must not be said is not saved."""

from collections.abc import Iterator
from email.utils import parseaddr

from core.clock import utc_now
from core.database import Rows
from core.errors import ConflictError, InvalidInputError
from recovery.messages.facts import EXAMPLE
from recovery.messages.rendering import Brand, render
from recovery.messages.templates import LANGUAGES, Purpose, Template, Tone, library
from recovery.payer.wording import (
    Voice,
    keep_template,
    keep_voice,
    own_templates,
    template_of,
    voice_of,
    with_words,
    words_of,
)
from recovery.tone.checking import check_template
from recovery.tone.findings import Finding, may_be_published
from recovery.tone.readability import GRADE_LIMITS, reading_grade
from serving.audit_log.entries import record
from serving.auth.scope import TenantScope
from serving.recovery.message_schemas import Checked, Look, MessageTemplate, ToneFinding, Words

_FORGET = """
delete from recovery_templates
where workspace_id = %s and purpose = %s and language = %s and tone = %s
"""


class TemplateFaultyError(ConflictError):
    """The words say what must not be said, or break for some debts."""

    code = "template_faulty"
    title = "The words cannot be used"


def every(rows: Rows, scope: TenantScope, language: str | None) -> Iterator[MessageTemplate]:
    """Yield every template, the workspace's own words where it has some."""
    own = own_templates(rows, str(scope.tenant))
    for purpose in Purpose:
        for spoken in LANGUAGES if language is None else (language,):
            for tone in Tone:
                template = library(purpose, spoken, tone)
                words = own.get((purpose, spoken, tone))
                yield shown(
                    template if words is None else with_words(template, words),
                    is_own=words is not None,
                )


def one(rows: Rows, scope: TenantScope, named: tuple[Purpose, str, Tone]) -> MessageTemplate:
    """Return one template."""
    found = template_of(rows, str(scope.tenant), *named)
    return shown(found, is_own=found != library(*named))


def save(
    rows: Rows, scope: TenantScope, named: tuple[Purpose, str, Tone], words: Words
) -> MessageTemplate:
    """Keep a workspace's own words.

    Raises:
        TemplateFaultyError: Something was found that blocks; the detail names each.
    """
    template = with_words(library(*named), words.model_dump(include=set(Words.model_fields)))
    blocking = [finding for finding in check_template(template) if finding.is_blocking]
    if blocking:
        told = "; ".join(_told(finding) for finding in blocking[:5])
        raise TemplateFaultyError(
            told, next_step="POST /v1/recovery/template_checks shows every finding and its place."
        )
    keep_template(rows, str(scope.tenant), template, by=scope.principal.name, now=utc_now())
    record(rows, scope, "recovery_template.saved", "/".join(named))
    return shown(template, is_own=True)


def forget(rows: Rows, scope: TenantScope, named: tuple[Purpose, str, Tone]) -> None:
    """Go back to the library's words."""
    if rows.execute(_FORGET, [str(scope.tenant), *named]).rowcount:
        record(rows, scope, "recovery_template.forgotten", "/".join(named))


def check(rows: Rows, scope: TenantScope, template: Template) -> Checked:
    """Say what is wrong with words, and show them in the workspace's look."""
    found = check_template(template)
    voice = voice_of(rows, str(scope.tenant), _fallback(scope))
    try:
        message = render(template, EXAMPLE, voice.brand)
    except InvalidInputError:
        message = None
    body = message.text.replace(EXAMPLE.pay_url, "") if message else ""
    return Checked(
        may_be_published=may_be_published(found),
        findings=[
            ToneFinding(**_fields(finding), is_blocking=finding.is_blocking) for finding in found
        ],
        subject=message.subject if message else "",
        text=message.text if message else "",
        body=body,
        html=message.html if message else "",
        sms=message.sms if message else "",
        reading_grade=reading_grade(body) if body else 0,
        highest_grade=GRADE_LIMITS[template.language],
    )


def look(rows: Rows, scope: TenantScope) -> Look:
    """Return how messages look now."""
    voice = voice_of(rows, str(scope.tenant), _fallback(scope))
    brand = voice.brand
    return Look(
        company_name=brand.company_name, support_email=voice.support_email, colour=brand.colour,
        logo_url=brand.logo_url, postal_address=brand.postal_address,
    )  # fmt: skip


def change_look(rows: Rows, scope: TenantScope, wanted: Look) -> Look:
    """Keep how messages look from now on."""
    brand = Brand(wanted.company_name, wanted.colour, wanted.logo_url, wanted.postal_address)
    keep_voice(rows, str(scope.tenant), Voice(brand, wanted.support_email), utc_now())
    record(rows, scope, "recovery_brand.changed", str(scope.tenant))
    return wanted


def shown(template: Template, *, is_own: bool) -> MessageTemplate:
    """Return a template as callers see it."""
    return MessageTemplate(
        purpose=template.purpose, language=template.language, tone=template.tone,
        is_own=is_own, **words_of(template),
    )  # fmt: skip


def _fallback(scope: TenantScope) -> str:
    return parseaddr(scope.mail_from)[1]


def _told(finding: Finding) -> str:
    quoted = f" “{finding.excerpt}”" if finding.excerpt else ""
    return f"{finding.part}{quoted}: {finding.reason}"


def _fields(finding: Finding) -> dict[str, object]:
    return {name: getattr(finding, name) for name in finding.__dataclass_fields__}
