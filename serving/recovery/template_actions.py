"""How do a workspace's own words come to be and speak? Drafts may have faults, versions none."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from email.utils import parseaddr
from typing import Any

from psycopg.types.json import Jsonb

from core.clock import utc_now
from core.database import Rows
from core.errors import ConflictError, InvalidInputError
from recovery.messages.facts import EXAMPLE
from recovery.messages.faults import faults
from recovery.messages.rendering import Rendered, render, variables
from recovery.messages.sms import EXAMPLE_LINKED, EXAMPLE_STOP_URL, TextMessage, write_sms
from recovery.messages.templates import LANGUAGES, Purpose, Template, Tone, library
from recovery.payer.wording import voice_of, with_words, words_of
from recovery.tone.checking import check_template
from recovery.tone.findings import Finding, may_be_published
from recovery.tone.readability import GRADE_LIMITS, reading_grade
from serving.audit_log.entries import record
from serving.auth.scope import TenantScope
from serving.recovery import template_queries as queries
from serving.recovery.template_schemas import (
    Checked,
    MessageTemplate,
    RewriteRequest,
    Rewritten,
    TemplateChange,
    TemplateDetail,
    TemplateDraft,
    TemplateVersion,
    ToneFinding,
    Words,
)

Named = tuple[Purpose, str, Tone]
_NOTHING: Mapping[str, Any] = {
    "draft": None, "live": None, "live_version": None, "last_version": 0, "updated_at": None,
}  # fmt: skip


class TemplateFaultyError(ConflictError):
    """The draft says what must not be said, or breaks for some debts."""

    code = "template_faulty"
    title = "The words cannot be used"

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__(
            "; ".join(one.told for one in findings[:5]),
            next_step="Mend what `findings` names; a draft keeps its faults meanwhile.",
        )
        self.findings = [ToneFinding.of(one).model_dump(mode="json") for one in findings]


class TemplateChangedError(ConflictError):
    """The template is not what the draft was made from."""

    code = "template_changed"
    title = "The template was changed meanwhile"


class LanguageModelOffError(ConflictError):
    """No language model is plugged in."""

    code = "language_model_off"
    title = "No language model is plugged in"


def every(rows: Rows, language: str | None) -> Iterator[MessageTemplate]:
    """Yield every template, the workspace's own words where some are in use."""
    held = {
        (row["purpose"], row["language"], row["tone"]): row for row in rows.execute(queries.LIST)
    }
    for purpose in Purpose:
        for spoken in LANGUAGES if language is None else (language,):
            for tone in Tone:
                named = (purpose, spoken, tone)
                yield _shown(named, held.get(named, _NOTHING))


def detail(rows: Rows, named: Named) -> TemplateDetail:
    """Return one template with its draft and what was found in it."""
    row = rows.execute(queries.ONE, _names(named)).fetchone() or _NOTHING
    shown = _shown(named, row)
    draft = None if row["draft"] is None else Words(**row["draft"])
    found = check_template(template_with(named, draft or shown))
    return TemplateDetail(
        **shown.model_dump(), draft=draft, findings=[ToneFinding.of(one) for one in found]
    )


def versions(rows: Rows, named: Named) -> list[TemplateVersion]:
    """Return what was published, newest first."""
    found = rows.execute(queries.VERSIONS, _names(named)).fetchall()
    return [TemplateVersion(**row.pop("document"), **row) for row in found]


def save(scope: TenantScope, rows: Rows, named: Named, request: TemplateDraft) -> TemplateDetail:
    """Keep a draft; what is in use stays as it is.

    Raises:
        TemplateChangedError: Somebody changed it after the state that the draft is based on.
    """
    row = _locked(scope, rows, named)
    if request.based_on is not None and request.based_on != row["updated_at"]:
        raise TemplateChangedError(
            "Somebody changed these words meanwhile.",
            next_step="Look at the template anew and repeat your changes.",
        )
    words = request.model_dump(include=set(Words.model_fields))
    _set(scope, rows, named, {**row, "draft": words})
    record(rows, scope, "recovery_template.saved", "/".join(named))
    return detail(rows, named)


def change(scope: TenantScope, rows: Rows, named: Named, request: TemplateChange) -> TemplateDetail:
    """Publish, go back to a version or to the library's words, or drop the draft.

    Raises:
        TemplateFaultyError: The draft has findings that block.
        ConflictError: There is no draft to publish, or no such version.
    """
    row = _locked(scope, rows, named)
    if request.do == "publish":
        version = _publish(scope, rows, named, row)
        row |= {"draft": None, "live_version": version, "last_version": version}
    elif request.do == "rollback":
        wanted = {**_names(named), "version": request.version}
        if rows.execute(queries.VERSION, wanted).fetchone() is None:
            raise ConflictError(
                f"There is no version {request.version}.", next_step="GET …/versions lists them."
            )
        row["live_version"] = request.version
    else:
        row["draft" if request.do == "discard" else "live_version"] = None
    _set(scope, rows, named, row)
    version = row["live_version"]
    record(rows, scope, f"recovery_template.{request.do}", "/".join(named), version=version)
    return detail(rows, named)


def check(rows: Rows, scope: TenantScope, template: Template) -> Checked:
    """Say what is wrong with words, and show them in the workspace's look."""
    found = check_template(template)
    voice = voice_of(rows, str(scope.tenant), parseaddr(scope.mail_from)[1])
    message: Rendered | None = None
    sms: TextMessage | None = None
    with suppress(InvalidInputError):
        message = render(template, EXAMPLE, voice.brand)
        sms = write_sms(template, EXAMPLE_LINKED, stop_url=EXAMPLE_STOP_URL)
    body = message.text.replace(EXAMPLE.pay_url, "") if message else ""
    return Checked(
        may_be_published=may_be_published(found),
        findings=[ToneFinding.of(one) for one in found],
        subject=message.subject if message else "",
        text=message.text if message else "",
        body=body,
        html=message.html if message else "",
        sms=sms.text if sms else "",
        sms_segments=sms.segments if sms else 0,
        reading_grade=reading_grade(body) if body else 0,
        highest_grade=GRADE_LIMITS[template.language],
    )


def rewrite(scope: TenantScope, request: RewriteRequest) -> Rewritten:
    """Ask the language model, and check what it says.

    Raises:
        LanguageModelOffError: The installation has none.
        LanguageModelError: It did not answer with words that can be used.
    """
    model = scope.language_model()
    if model is None:
        raise LanguageModelOffError(
            "This installation has no language model.",
            next_step="An operator may set OPPULENCE_LANGUAGE_MODEL_URL and …_NAME.",
        )
    before = template_with((request.purpose, request.language, request.tone), request)
    suggested = model.rewritten(before, request.voice)
    found = check_template(suggested)
    is_whole = not faults(before) and not faults(suggested)
    lost = sorted(variables(before) - variables(suggested)) if is_whole else []
    return Rewritten(
        model=model.name, words=Words(**words_of(suggested)),
        may_be_published=may_be_published(found), lost_variables=lost,
        findings=[ToneFinding.of(one) for one in found],
    )  # fmt: skip


def template_with(named: Named, words: Words) -> Template:
    """Return a message of other words."""
    return with_words(library(*named), words.model_dump(include=set(Words.model_fields)))


def _publish(scope: TenantScope, rows: Rows, named: Named, row: Mapping[str, Any]) -> int:
    if row["draft"] is None:
        raise ConflictError("There is no draft.", next_step="Save one with PUT first.")
    draft = with_words(library(*named), row["draft"])
    blocking = [one for one in check_template(draft) if one.is_blocking]
    if blocking:
        raise TemplateFaultyError(blocking)
    version = int(row["last_version"]) + 1
    rows.execute(
        queries.PUBLISH,
        {
            **_names(named), "workspace_id": str(scope.tenant), "version": version,
            "document": Jsonb(row["draft"]), "now": utc_now(), "by": scope.principal.name,
        },
    )  # fmt: skip
    return version


def _locked(scope: TenantScope, rows: Rows, named: Named) -> dict[str, Any]:
    """Return a template's row, locked; made where it is missing, so that there is one to lock."""
    who = {"workspace_id": str(scope.tenant), "now": utc_now(), "by": scope.principal.name}
    is_new = rows.execute(queries.CREATE, {**_names(named), **who}).rowcount == 1
    row = rows.execute(queries.LOCK, _names(named)).fetchone()
    assert row is not None, "it was made a moment ago"
    return {**row, "updated_at": None} if is_new else row


def _set(scope: TenantScope, rows: Rows, named: Named, row: Mapping[str, Any]) -> None:
    values = {
        **_names(named), "draft": None if row["draft"] is None else Jsonb(row["draft"]),
        "live_version": row["live_version"], "last_version": row["last_version"],
        "now": utc_now(), "by": scope.principal.name,
    }  # fmt: skip
    rows.execute(queries.SET, values)


def _shown(named: Named, row: Mapping[str, Any]) -> MessageTemplate:
    purpose, language, tone = named
    words = row["live"] or words_of(library(*named))
    return MessageTemplate(
        purpose=purpose, language=language, tone=tone, is_own=row["live"] is not None,
        live_version=row["live_version"], last_version=row["last_version"],
        has_draft=row["draft"] is not None, updated_at=row["updated_at"], **words,
    )  # fmt: skip


def _names(named: Named) -> dict[str, str]:
    return dict(zip(("purpose", "language", "tone"), named, strict=True))
