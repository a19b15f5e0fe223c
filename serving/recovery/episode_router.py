"""How are episodes looked at and steered? `/v1/recovery/episodes`, and the figures over all."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from core.errors import ConflictError, NotFoundError
from serving.auth.scope import RecoveryRead, RecoveryWrite
from serving.idempotency import Idempotent
from serving.pagination import Collection, CursorText, Limit, Page, page_of
from serving.recovery import episode_actions as actions
from serving.recovery import episode_queries as queries
from serving.recovery.episode_lists import Sieve, cursor_of, episodes_of
from serving.recovery.episode_schemas import (
    ActionWanted,
    Episode,
    EpisodeDetail,
    EpisodeOutcome,
    EpisodeState,
    RecoveryFigures,
    episode_fields,
)
from serving.responses import problems
from serving.words import Currency, Id, Word

router = APIRouter(prefix="/v1/recovery", tags=["recovery"])
EpisodeId = Annotated[Id, Path(examples=["ep_5k2m8w0c1t7e9b3n6x4q0r2hz"])]


@router.get("/episodes", summary="List episodes", operation_id="list_recovery_episodes")
def get_episodes(
    scope: RecoveryRead,
    state: Annotated[EpisodeState | None, Query()] = None,
    outcome: Annotated[EpisodeOutcome | None, Query()] = None,
    cause: Annotated[Word | None, Query(description="How the payment fails")] = None,
    reason: Annotated[Word | None, Query(description="Kind of the newest refusal")] = None,
    currency: Annotated[Currency | None, Query()] = None,
    flow_id: Annotated[Id | None, Query()] = None,
    customer_id: Annotated[Id | None, Query()] = None,
    subject_id: Annotated[Id | None, Query(description="The invoice, or what else it is")] = None,
    limit: Limit = 100,
    cursor: CursorText = None,
) -> Page[Episode]:
    """List failed payments and what became of them, newest first."""
    sieve = Sieve(state, outcome, cause, reason, currency, flow_id, customer_id, subject_id)
    with scope.transaction() as rows:
        found = episodes_of(rows, sieve, limit, cursor)
    return page_of(found, limit, lambda row: Episode(**episode_fields(row)), cursor_of)


@router.get(
    "/episodes/{episode_id}",
    summary="Get an episode",
    operation_id="get_recovery_episode",
    responses=problems(NotFoundError),
)
def get_episode(scope: RecoveryRead, episode_id: EpisodeId) -> EpisodeDetail:
    """Show an episode with every step, action and attempt, and why."""
    with scope.transaction() as rows:
        return actions.detail(rows, episode_id)


@router.post(
    "/episodes/{episode_id}/actions",
    summary="Act on an episode",
    operation_id="act_on_recovery_episode",
    status_code=202,
    response_model=EpisodeDetail,
    responses=problems(NotFoundError, ConflictError),
)
def post_action(
    scope: RecoveryWrite, episode_id: EpisodeId, request: ActionWanted, idempotency: Idempotent
) -> Response:
    """Try again now, send a message, pause, resume or close.

    A try and a message are made by the worker within moments, under the same checks as a flow's:
    the networks' limits, firm refusals, suppressed addresses, message caps.
    """
    return idempotency.once(
        scope, lambda rows: actions.act(scope, rows, episode_id, request), status=202
    )


@router.get("/metrics", summary="Figures", operation_id="get_recovery_metrics")
def get_figures(scope: RecoveryRead) -> Collection[RecoveryFigures]:
    """Say what is at risk, came back and was lost, by currency."""
    with scope.transaction() as rows:
        return Collection(data=[RecoveryFigures(**row) for row in rows.execute(queries.FIGURES)])
