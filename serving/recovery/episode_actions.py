"""What may a person do with an episode? What waits for the provider is done by the worker."""

from datetime import datetime

from psycopg import sql

from core.clock import utc_now
from core.database import Rows
from core.errors import ConflictError, InvalidInputError, NotFoundError
from core.recovery_signals import CHANNEL
from recovery.engine.by_hand import close, pause, resume
from recovery.engine.episode import Episode as Held
from recovery.engine.episode import Transition
from recovery.flows.document import NOTHING_TO_RETRY
from recovery.store import actions, episodes
from serving.audit_log.entries import record
from serving.auth.scope import TenantScope
from serving.recovery import episode_queries as queries
from serving.recovery.episode_schemas import (
    ActionWanted,
    EpisodeAction,
    EpisodeAttempt,
    EpisodeDetail,
    EpisodeStep,
    episode_fields,
)


def detail(rows: Rows, episode_id: str) -> EpisodeDetail:
    """Return an episode with its timeline.

    Raises:
        NotFoundError: The workspace has none of this id.
    """
    row = rows.execute(queries.ONE, [episode_id]).fetchone()
    if row is None:
        raise _missing(episode_id)
    return EpisodeDetail(
        **episode_fields(row),
        steps=[EpisodeStep(**one) for one in rows.execute(queries.STEPS, [episode_id])],
        actions=[EpisodeAction(**one) for one in rows.execute(queries.ACTIONS, [episode_id])],
        attempts=[EpisodeAttempt(**one) for one in rows.execute(queries.ATTEMPTS, [episode_id])],
    )


def act(scope: TenantScope, rows: Rows, episode_id: str, wanted: ActionWanted) -> EpisodeDetail:
    """Do what a person wants, or have the worker do it.

    Raises:
        NotFoundError: The workspace has no such episode.
        ConflictError: The episode is not in a state for it, or it is under way already.
        InvalidInputError: A message without a template.
    """
    found = episodes.lock(rows, str(scope.tenant), [episode_id])
    if not found:
        raise _missing(episode_id)
    episode, now = found[0].episode, utc_now()
    if wanted.do in ("retry", "send"):
        _ask(rows, episode, wanted, now)
    else:
        _move(scope, rows, episode, wanted, now)
    record(rows, scope, f"recovery_episode.{wanted.do}", episode_id)
    # The worker hears of it when this is committed.
    rows.execute(sql.SQL("notify {}").format(sql.Identifier(CHANNEL)))
    return detail(rows, episode_id)


def _move(
    scope: TenantScope, rows: Rows, episode: Held, wanted: ActionWanted, now: datetime
) -> None:
    who = scope.principal.name
    step: Transition | None
    if wanted.do == "pause":
        step = pause(episode, who)
    elif wanted.do == "resume":
        step = resume(episode, who, now)
    else:
        step = close(episode, who, now)
    if step is None:
        state = "ended" if episode.state == "ended" else episode.state
        raise ConflictError(
            f"The episode is {state}.", next_step="Look at its timeline, and try something else."
        )
    episodes.commit(rows, [[step]], now)


def _ask(rows: Rows, episode: Held, wanted: ActionWanted, now: datetime) -> None:
    if episode.state == "ended":
        raise ConflictError("The episode has ended.", next_step="Nothing is owed any more.")
    kind = "retry" if wanted.do == "retry" else "message"
    if kind == "retry" and episode.cause in NOTHING_TO_RETRY:
        raise ConflictError("There is nothing to collect.", next_step="Send a message instead.")
    if kind == "message" and wanted.template is None:
        raise InvalidInputError("A message needs a template.")
    if actions.is_under_way(rows, episode.workspace_id, episode.id, kind):
        raise ConflictError(f"A {kind} is under way.", next_step="Wait for its result.")
    content = {}
    if kind == "message":
        content = {
            "channel": wanted.channel, "template": wanted.template, "tone": wanted.tone,
            "basis": "contract" if wanted.channel != "sms" else "consent",
        }  # fmt: skip
    actions.ask(rows, episode, kind, content, now)


def _missing(episode_id: str) -> NotFoundError:
    return NotFoundError(
        f"There is no episode {episode_id}.", next_step="GET /v1/recovery/episodes lists them."
    )
