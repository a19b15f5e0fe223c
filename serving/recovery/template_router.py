"""What is written to payers? Templates: the words in use, drafts, versions, checks."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from core.errors import ConflictError
from recovery.messages.templates import Purpose, Tone
from recovery.tone.language_model import LanguageModelError
from serving.auth.scope import RecoveryRead, RecoveryWrite
from serving.idempotency import Idempotent
from serving.pagination import Collection
from serving.recovery import template_actions as actions
from serving.recovery.template_schemas import (
    Checked,
    CheckRequest,
    Language,
    MessageTemplate,
    RewriteRequest,
    Rewritten,
    TemplateChange,
    TemplateDetail,
    TemplateDraft,
    TemplateVersion,
)
from serving.responses import problems

router = APIRouter(prefix="/v1/recovery", tags=["recovery"])

PurposePath = Annotated[Purpose, Path(examples=["reminder"])]
LanguagePath = Annotated[Language, Path(examples=["en"])]
TonePath = Annotated[Tone, Path(examples=["neutral"])]
_ONE = "/templates/{purpose}/{language}/{tone}"


@router.get("/templates", summary="List templates", operation_id="list_recovery_templates")
def get_templates(
    scope: RecoveryRead, language: Annotated[Language | None, Query()] = None
) -> Collection[MessageTemplate]:
    """List the words of every purpose, language and tone: the own ones, else the library's."""
    with scope.transaction() as rows:
        return Collection(data=list(actions.every(rows, language)))


@router.get(_ONE, summary="Get a template", operation_id="get_recovery_template")
def get_template(
    scope: RecoveryRead, purpose: PurposePath, language: LanguagePath, tone: TonePath
) -> TemplateDetail:
    """Show the words of one message, its draft, and what was found."""
    with scope.transaction() as rows:
        return actions.detail(rows, (purpose, language, tone))


@router.put(
    _ONE,
    summary="Save a draft of a template",
    operation_id="save_recovery_template",
    responses=problems(actions.TemplateChangedError),
)
def put_template(
    scope: RecoveryWrite,
    purpose: PurposePath,
    language: LanguagePath,
    tone: TonePath,
    request: TemplateDraft,
) -> TemplateDetail:
    """Save a draft, faults and all; messages go on with the words in use."""
    with scope.transaction() as rows:
        return actions.save(scope, rows, (purpose, language, tone), request)


@router.post(
    _ONE + "/changes",
    summary="Publish words, or go back",
    operation_id="change_recovery_template",
    response_model=TemplateDetail,
    responses=problems(ConflictError),
)
def post_change(
    scope: RecoveryWrite,
    purpose: PurposePath,
    language: LanguagePath,
    tone: TonePath,
    request: TemplateChange,
    idempotency: Idempotent,
) -> Response:
    """Put words to use from the next message on; refused where they say what must not be said."""
    named = (purpose, language, tone)
    return idempotency.once(scope, lambda rows: actions.change(scope, rows, named, request))


@router.get(
    _ONE + "/versions",
    summary="List versions of a template",
    operation_id="list_recovery_template_versions",
)
def get_versions(
    scope: RecoveryRead, purpose: PurposePath, language: LanguagePath, tone: TonePath
) -> Collection[TemplateVersion]:
    """List the words that were published, newest first; they never change."""
    with scope.transaction() as rows:
        return Collection(data=actions.versions(rows, (purpose, language, tone)))


@router.post(
    "/template_checks", summary="Check and preview words", operation_id="check_recovery_template"
)
def post_check(scope: RecoveryRead, request: CheckRequest) -> Checked:
    """Say what is wrong with words and show them filled in; nothing is kept."""
    named = (request.purpose, request.language, request.tone)
    with scope.transaction() as rows:
        return actions.check(rows, scope, actions.template_with(named, request))


@router.post(
    "/template_rewrites",
    summary="Have a language model rewrite words",
    operation_id="rewrite_recovery_template",
    response_model=Rewritten,
    responses=problems(actions.LanguageModelOffError, LanguageModelError),
)
def post_rewrite(
    scope: RecoveryWrite, request: RewriteRequest, idempotency: Idempotent
) -> Response:
    """Suggest other words in a voice, with what is wrong with them; nothing is kept.

    Only the template goes to the model that the installation has set, no debt and no payer.
    """
    return idempotency.once_after(
        scope, lambda: actions.rewrite(scope, request), lambda _, written: written
    )
