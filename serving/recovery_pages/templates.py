"""What is written to payers? Every message by purpose and tone, and the page that edits one.

The page checks and shows words as they are typed through /v1; without a script its form does the
same on the server. The preview of an email is a document of its own, in a frame without rights.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from babel import Locale
from fastapi import APIRouter, Form, Query, Response
from fastapi.responses import HTMLResponse
from pydantic import StringConstraints, ValidationError

from core.errors import InvalidInputError
from recovery.messages.facts import EXAMPLE, NAMES, OPTIONAL
from recovery.messages.rendering import subject_line
from recovery.messages.templates import Purpose, Tone, library, reasons
from recovery.payer.wording import words_of
from serving.auth.scope import TenantScope
from serving.recovery import template_actions as actions
from serving.recovery.brand_actions import look
from serving.recovery.template_schemas import (
    Checked,
    Language,
    Line,
    MessageTemplate,
    Paragraph,
    TemplateChange,
    TemplateDetail,
    TemplateDraft,
    TemplateVersion,
    Words,
)
from serving.recovery_pages.differences import Difference, differences
from serving.recovery_pages.framed import MAY_FRAME, framed
from serving.recovery_pages.shell import PREFIX, base_of, shell
from serving.web.pages import PageRoute, go
from serving.web.visits import AnyVisit, RecoveryAct, RecoveryLook, Visit

# A version's number, the draft, or the library's words.
Compared = Annotated[str, StringConstraints(pattern=r"^([1-9][0-9]{0,5}|draft|library)?$")]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What can be compared, which two are, and how they differ; no parts where none were asked."""

    choices: list[tuple[str, str]]
    before: str
    after: str
    parts: list[Difference]


router = APIRouter(include_in_schema=False, route_class=PageRoute, prefix=f"{PREFIX}/templates")

LANGUAGES = {"en": "English", "de": "Deutsch", "fr": "Français", "es": "Español"}
PURPOSES = {
    Purpose.CARD_EXPIRING: "A card that ends before the next payment",
    Purpose.PAYMENT_FAILED: "A payment failed and will be tried again",
    Purpose.REMINDER: "The follow-up, still open",
    Purpose.UPDATE_METHOD: "Another payment method is needed",
    Purpose.AUTHENTICATE: "The bank wants the payer to confirm",
    Purpose.PAST_DUE: "Late in a flow",
    Purpose.FINAL_NOTICE: "The last word",
    Purpose.RECOVERED: "Thanks, it is paid",
}


@router.get("")
def get_templates(visit: AnyVisit, scope: RecoveryLook, language: Language = "en") -> Response:
    """Show every message of a language by purpose and tone."""
    with scope.transaction() as rows:
        every = list(actions.every(rows, language))
    found = {(one.purpose, one.tone): (one, _subject(one)) for one in every}
    return shell(
        visit, scope, "templates", "recovery/templates.html", found=found, purposes=PURPOSES,
        tones=list(Tone), languages=LANGUAGES, language=language,
    )  # fmt: skip


@router.get("/{purpose}/{language}/{tone}")
def get_template(
    visit: AnyVisit,
    scope: RecoveryLook,
    purpose: Purpose,
    language: Language,
    tone: Tone,
    version: Annotated[int | None, Query(ge=1)] = None,
    compare: Annotated[Compared, Query()] = "",
    with_: Annotated[Compared, Query(alias="with")] = "",
) -> Response:
    """Open a message: its draft, else the words in use; or a version, to begin from it again.

    Two states of its words may be compared: versions, the draft, the library's.
    """
    named = (purpose, language, tone)
    return _editor(visit, scope, named, version=version, compared=(compare, with_))


@router.post("/{purpose}/{language}/{tone}")
def post_template(
    visit: AnyVisit,
    scope: RecoveryAct,
    purpose: Purpose,
    language: Language,
    tone: Tone,
    subject: Annotated[Line, Form()],
    preheader: Annotated[Line, Form()],
    paragraphs: Annotated[list[Paragraph], Form(min_length=3, max_length=12)],
    action: Annotated[Line, Form()],
    sms: Annotated[Line, Form()],
    do: Annotated[Literal["save", "publish"], Form()] = "publish",
) -> Response:
    """Keep a draft, and publish it if asked; what must not be said is shown and stays a draft."""
    named = (purpose, language, tone)
    # Browsers send line ends as CRLF; a template's are its own.
    lines = [text.replace("\r\n", "\n") for text in paragraphs]
    draft = TemplateDraft(
        subject=subject, preheader=preheader, paragraphs=lines, action=action, sms=sms
    )
    with scope.transaction() as rows:
        actions.save(scope, rows, named, draft)
    try:
        if do == "publish":
            with scope.transaction() as rows:
                actions.change(scope, rows, named, TemplateChange(do="publish"))
    except actions.TemplateFaultyError:
        return _editor(visit, scope, named, status=409)
    return _back(scope, named)


@router.post("/{purpose}/{language}/{tone}/changes")
def post_change(
    scope: RecoveryAct,
    purpose: Purpose,
    language: Language,
    tone: Tone,
    do: Annotated[Literal["rollback", "library", "discard"], Form()],
    version: Annotated[int | None, Form(ge=1)] = None,
) -> Response:
    """Go back to a version or to the library's words, or drop the draft."""
    named = (purpose, language, tone)
    with scope.transaction() as rows:
        actions.change(scope, rows, named, TemplateChange(do=do, version=version))
    return _back(scope, named)


@router.post("/{purpose}/{language}/{tone}/preview")
def post_preview(
    scope: RecoveryLook,
    purpose: Purpose,
    language: Language,
    tone: Tone,
    words: Annotated[str, Form(max_length=60_000)],
) -> Response:
    """Show the email that words make, as a document for the editor's frame."""
    try:
        given = Words.model_validate_json(words)
    except ValidationError:
        raise InvalidInputError("These are no words of a message.") from None
    with scope.transaction() as rows:
        logo = look(rows, scope).logo_url
        tried = actions.template_with((purpose, language, tone), given)
        html = actions.check(rows, scope, tried).html
    return framed(html, logo)


def _editor(
    visit: Visit, scope: TenantScope, named: actions.Named, *, version: int | None = None,
    compared: tuple[str, str] = ("", ""), status: int = 200,
) -> HTMLResponse:  # fmt: skip
    purpose, language, tone = named
    with scope.transaction() as rows:
        held, versions = actions.detail(rows, named), actions.versions(rows, named)
        looked_at = next((one for one in versions if one.version == version), None)
        template = actions.template_with(named, looked_at or held.draft or held)
        checked = actions.check(rows, scope, template)
    model = scope.language_model()
    boot = {
        "workspace": str(scope.tenant), "token": visit.csrf_token, "purpose": purpose,
        "language": language, "tone": tone, "link": EXAMPLE.pay_url,
        "library": {each: words_of(library(purpose, language, each)) for each in Tone},
        "live": held.model_dump(include=set(Words.model_fields)),
        "basedOn": held.model_dump(mode="json")["updated_at"],
        "isKept": looked_at is None, "hasDraft": held.has_draft,
        "checked": checked.model_dump(mode="json"),
    }  # fmt: skip
    response = shell(
        visit, scope, "templates", "recovery/template.html", status=status, message=template,
        words=words_of(template), held=held, boot=boot, checked=checked, tones=list(Tone),
        variables=_variables(language), languages=LANGUAGES, says=PURPOSES[purpose],
        grade=_grade(checked), cost=_cost(checked), versions=versions, looked_at=looked_at,
        comparison=_comparison(named, held, versions, compared),
        model=model.name if model else "",
    )  # fmt: skip
    response.headers["Content-Security-Policy"] += MAY_FRAME
    return response


def _comparison(
    named: actions.Named,
    held: TemplateDetail,
    versions: list[TemplateVersion],
    wanted: tuple[str, str],
) -> Comparison:
    """Return what can be compared, and how the two that are wanted differ."""
    states: dict[str, tuple[str, Mapping[str, Any]]] = {}
    if held.draft is not None:
        states["draft"] = ("The draft", held.draft.model_dump())
    states |= {str(one.version): (f"Version {one.version}", one.model_dump()) for one in versions}
    states["library"] = ("The library’s words", words_of(library(*named)))
    before, after = wanted
    is_asked = before in states and after in states
    newest, *older = states
    if not is_asked:
        before, after = older[0] if older else newest, newest
    return Comparison(
        choices=[(name, label) for name, (label, _) in states.items()],
        before=before,
        after=after,
        parts=differences(states[before][1], states[after][1]) if is_asked else [],
    )


def _back(scope: TenantScope, named: actions.Named) -> Response:
    return go(f"{base_of(scope)}/templates/{'/'.join(named)}")


def _subject(held: MessageTemplate) -> str:
    return subject_line(actions.template_with((held.purpose, held.language, held.tone), held))


def _grade(checked: Checked) -> str:
    if not checked.reading_grade:
        return ""
    return f"Reads like grade {checked.reading_grade} of at most {checked.highest_grade}"


def _cost(checked: Checked) -> str:
    count = checked.sms_segments
    return f"Sent, and paid, as {count} text message{'s' if count > 1 else ''}" if count else ""


def _variables(language: str) -> list[dict[str, Any]]:
    """Return what may be named: name, type, how it looks, whether one must ask first."""
    shown = EXAMPLE.formatted(Locale.parse(language), reasons(language))
    kinds = {"amount": "money", "pay_url": "link", "support_email": "address"}
    return [
        {
            "name": name, "kind": kinds.get(name, "date" if name.endswith("_on") else "text"),
            "example": shown[name], "is_optional": name in OPTIONAL,
        }
        for name in NAMES
    ]  # fmt: skip
