"""What is written to payers, how does it look, who is left alone? Templates, brand, refusals."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from core.clock import utc_now
from core.database import Rows
from core.errors import NotFoundError
from recovery.messages.templates import Purpose, Tone, library
from recovery.messaging import address_hash
from recovery.payer.suppressing import release_address, suppress_address, suppressed
from recovery.payer.wording import with_words
from serving.audit_log.entries import record
from serving.auth.scope import RecoveryRead, RecoveryWrite
from serving.idempotency import Idempotent
from serving.pagination import Collection
from serving.recovery import message_actions as actions
from serving.recovery.message_schemas import (
    Channel,
    Checked,
    CheckRequest,
    Language,
    Look,
    MessageTemplate,
    Suppression,
    SuppressionRequest,
    Words,
)
from serving.responses import problems

router = APIRouter(prefix="/v1/recovery", tags=["recovery"])
MOST_SUPPRESSIONS = 1000

PurposePath = Annotated[Purpose, Path(examples=["reminder"])]
LanguagePath = Annotated[Language, Path(examples=["en"])]
TonePath = Annotated[Tone, Path(examples=["neutral"])]
HashPath = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", examples=["0b5d4ae5" * 8])]


@router.get("/templates", summary="List templates", operation_id="list_recovery_templates")
def get_templates(
    scope: RecoveryRead, language: Annotated[Language | None, Query()] = None
) -> Collection[MessageTemplate]:
    """List the words of every purpose, language and tone: the own ones, else the library's."""
    with scope.transaction() as rows:
        return Collection(data=list(actions.every(rows, scope, language)))


@router.get(
    "/templates/{purpose}/{language}/{tone}",
    summary="Get a template",
    operation_id="get_recovery_template",
)
def get_template(
    scope: RecoveryRead, purpose: PurposePath, language: LanguagePath, tone: TonePath
) -> MessageTemplate:
    """Show the words of one message."""
    with scope.transaction() as rows:
        return actions.one(rows, scope, (purpose, language, tone))


@router.put(
    "/templates/{purpose}/{language}/{tone}",
    summary="Save a template",
    operation_id="save_recovery_template",
    responses=problems(actions.TemplateFaultyError),
)
def put_template(
    scope: RecoveryWrite,
    purpose: PurposePath,
    language: LanguagePath,
    tone: TonePath,
    request: Words,
) -> MessageTemplate:
    """Use own words from the next message on; refused where they say what must not be said."""
    with scope.transaction() as rows:
        return actions.save(rows, scope, (purpose, language, tone), request)


@router.delete(
    "/templates/{purpose}/{language}/{tone}",
    summary="Go back to the library's words",
    operation_id="delete_recovery_template",
    status_code=204,
)
def delete_template(
    scope: RecoveryWrite, purpose: PurposePath, language: LanguagePath, tone: TonePath
) -> None:
    """Drop the workspace's own words; without any, nothing happens."""
    with scope.transaction() as rows:
        actions.forget(rows, scope, (purpose, language, tone))


@router.post(
    "/template_checks", summary="Check and preview words", operation_id="check_recovery_template"
)
def post_check(scope: RecoveryRead, request: CheckRequest) -> Checked:
    """Say what is wrong with words and show them filled in; nothing is kept."""
    known = library(request.purpose, request.language, request.tone)
    words = request.model_dump(include=set(Words.model_fields))
    with scope.transaction() as rows:
        return actions.check(rows, scope, with_words(known, words))


@router.get("/brand", summary="Get the brand", operation_id="get_recovery_brand")
def get_brand(scope: RecoveryRead) -> Look:
    """Show how messages and payer pages look."""
    with scope.transaction() as rows:
        return actions.look(rows, scope)


@router.put("/brand", summary="Change the brand", operation_id="put_recovery_brand")
def put_brand(scope: RecoveryWrite, request: Look) -> Look:
    """Change how messages and payer pages look, from the next one on."""
    with scope.transaction() as rows:
        return actions.change_look(rows, scope, request)


@router.get("/suppressions", summary="List suppressions", operation_id="list_recovery_suppressions")
def get_suppressions(scope: RecoveryRead) -> Collection[Suppression]:
    """List the newest 1,000 addresses that are not written to any more, by hash."""
    with scope.transaction() as rows:
        found = suppressed(rows, str(scope.tenant), MOST_SUPPRESSIONS)
    return Collection(data=[Suppression(**row) for row in found])


@router.post(
    "/suppressions",
    summary="Suppress an address",
    operation_id="create_recovery_suppression",
    status_code=201,
    response_model=Suppression,
)
def post_suppression(
    scope: RecoveryWrite, request: SuppressionRequest, idempotency: Idempotent
) -> Response:
    """Write to an address no more; what was said of it before stands."""

    def suppress(rows: Rows) -> Suppression:
        name, now = address_hash(request.address), utc_now()
        suppress_address(rows, str(scope.tenant), request.channel, name, request.reason, now)
        record(rows, scope, "recovery_suppression.created", name, channel=request.channel)
        return Suppression(
            channel=request.channel, address_hash=name, reason=request.reason, created_at=now
        )

    return idempotency.once(scope, suppress, status=201)


@router.delete(
    "/suppressions/{channel}/{address_hash}",
    summary="Release an address",
    operation_id="delete_recovery_suppression",
    status_code=204,
    responses=problems(NotFoundError),
)
def delete_suppression(
    scope: RecoveryWrite, channel: Annotated[Channel, Path(examples=["email"])],
    address_hash: HashPath,
) -> None:  # fmt: skip
    """Let messages go to an address again."""
    with scope.transaction() as rows:
        if not release_address(rows, str(scope.tenant), channel, address_hash):
            raise NotFoundError(
                "This address is not suppressed.",
                next_step="GET /v1/recovery/suppressions lists them.",
            )
        record(rows, scope, "recovery_suppression.released", address_hash, channel=channel)
