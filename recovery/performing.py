"""Who carries out what episodes want? One action at a time, at most once, whatever dies when.

    ready ──▶ the provider is read: what was paid meanwhile ends the episode, nothing is done
          ──▶ started, committed ──▶ it leaves the house ──▶ result and next step, committed

Found `started`, an action was interrupted: its trace is looked for first. A payment is sent again
only under the same idempotency key; a message that nobody can tell of counts as sent.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from core.database import Rows
from core.errors import NotFoundError, OppulenceError
from core.logs import get_logger
from core.outbound import emit
from recovery.accounts import NotConnectedError
from recovery.detecting import vanish
from recovery.engine.episode import Episode
from recovery.engine.observing import Case, observe
from recovery.engine.results import after_action, after_manual
from recovery.messaging import deliver
from recovery.retrying import retry
from recovery.running import move_on
from recovery.store import actions, episodes, tasks
from recovery.store.actions import Action
from recovery.store.attempts import note_attempts
from recovery.stripe.cases import read_case
from recovery.stripe.client import StripeClient, UnansweredError
from recovery.stripe.collecting import Result, change_subscription, take_over
from recovery.watching import Parts

LONGEST_PAUSE = timedelta(hours=1)

log = get_logger("recovery")


def perform(parts: Parts, action: Action, now: datetime) -> None:
    """Carry one action out, or leave it for later where the provider does not answer.

    Raises:
        EngineUnavailableError: Postgres does not answer; the lease gives the action back.
    """
    with parts.database.system() as rows:
        episode = _wanted(rows, action, now)
    if episode is None:
        return
    try:
        if action.kind in ("task", "webhook"):
            _within(parts, action, episode, now)
            return
        client = parts.accounts.client(action.workspace_id, episode.connection_id)
        if action.kind == "subscription":
            _at_provider(parts, action, now, lambda: change_subscription(
                client, episode.subscription_id, str(action.content["do"]),
                action.content.get("price"), action.id))  # fmt: skip
            return
        case = _current(parts, client, action, episode, now)
        if case is None:
            return
        if action.kind == "take_over":
            _at_provider(parts, action, now, lambda: take_over(
                client, episode.subject_id, action.id))  # fmt: skip
        elif action.kind == "retry":
            result = retry(parts, client, action, episode, case, now)
            _finish(parts, action, result, now)
        else:
            result = deliver(parts, client, action, episode, case, now)
            _finish(parts, action, result, now)
    except UnansweredError as error:
        log.warning("action waits", kind=action.kind, reason=error.detail)
        _later(parts, action, now)
    except (NotConnectedError, NotFoundError) as error:
        _finish(parts, action, {"status": "failed", "reason": error.detail}, now)
    except OppulenceError as error:
        log.warning("action waits", kind=action.kind, code=error.code, reason=error.detail)
        _later(parts, action, now)


def _wanted(rows: Rows, action: Action, now: datetime) -> Episode | None:
    """Return the episode if it still waits for the action; what it no longer wants is closed."""
    for held in episodes.lock(rows, action.workspace_id, [action.episode_id]):
        episode = held.episode
        waits = episode.memory.phase == "acting" and episode.memory.pending == action.kind
        if action.is_manual and action.content.get("channel") == "slack":
            return episode  # an alert is for people, whatever the flow did since
        if episode.state != "ended" and (action.is_manual or waits or action.state == "started"):
            if episode.state == "paused" and not action.is_manual and action.state == "ready":
                actions.later(rows, action, now + timedelta(minutes=5), is_untouched=True)
                return None
            return episode
        if action.state == "started" and action.kind == "retry" and episode.recovered_by == "retry":
            # Interrupted after it was paid: the provider's word came before ours.
            result = {"status": "succeeded", "amount_minor": episode.recovered_minor}
            actions.close(rows, action, "done", result, now)
            return None
    result = {"status": "skipped", "reason": "The episode went on without it."}
    actions.close(rows, action, "skipped", result, now)
    return None


def _current(
    parts: Parts, client: StripeClient, action: Action, episode: Episode, now: datetime
) -> Case | None:
    """Return the payment as it is now, if it is still owed; else the episode is over."""
    kind, subject_id = episode.subject_kind, episode.subject_id
    case = read_case(client, parts.declines, kind, subject_id, now)
    with parts.database.system() as rows:
        if case is None:
            vanish(rows, parts.book, action.workspace_id, episode.connection_id,
                   (kind, subject_id), now)  # fmt: skip
        else:
            for held in episodes.lock(rows, action.workspace_id, [action.episode_id]):
                note_attempts(rows, held.episode, case.attempts)
                seen = observe(
                    held.episode, parts.book.of(rows, held.episode), case, now,
                    is_charging=action.kind == "retry" and action.state == "started",
                )  # fmt: skip
                move_on(rows, parts.book, held, [seen], now)
        if case is None or case.status != "open":
            is_ours = action.kind == "retry" and action.state == "started"
            status = "succeeded" if is_ours and case and case.status == "paid" else "skipped"
            result = {"status": status, "reason": "Nothing is owed any more."}
            actions.close(rows, action, "skipped" if status == "skipped" else "done", result, now)
            return None
    return case


def _within(parts: Parts, action: Action, episode: Episode, now: datetime) -> None:
    """Do what happens in our own database: with its result and the next step, or not at all."""
    with parts.database.system() as rows:
        if action.kind == "task":
            tasks.give(rows, episode, str(action.content["instruction"]), now)
        else:
            data = {
                "episode_id": episode.id, "connection_id": episode.connection_id,
                "step": action.step, "label": action.content["label"],
                "amount_minor": episode.amount_minor, "currency": episode.currency,
                "customer_id": episode.customer_id, "subject_id": episode.subject_id,
            }  # fmt: skip
            kind = "recovery.step_reached"
            emit(rows, action.workspace_id, kind, action.id, data, now)
        _settle(rows, parts, action, {"status": "done"}, now)


def _at_provider(parts: Parts, action: Action, now: datetime, do: Callable[[], Result]) -> None:
    """Do what may safely be sent again under its key."""
    with parts.database.system() as rows:
        if not actions.start(rows, action, now):
            return
    _finish(parts, action, do(), now)


def _finish(parts: Parts, action: Action, result: Result | None, now: datetime) -> None:
    if result is not None:
        with parts.database.system() as rows:
            _settle(rows, parts, action, result, now)


def _settle(rows: Rows, parts: Parts, action: Action, result: Result, now: datetime) -> None:
    """Write the result and the step that follows from it; only the first result counts."""
    status = str(result["status"])
    state = status if status in ("skipped", "failed", "unknown") else "done"
    if status in ("deferred", "refused"):
        state = "skipped"  # nothing left the house
    held = episodes.lock(rows, action.workspace_id, [action.episode_id])
    if not actions.close(rows, action, state, result, now):
        return
    for one in held:
        flow = parts.book.of(rows, one.episode)
        if action.is_manual:
            step = after_manual(one.episode, action.kind, result, now)
        elif flow is not None:
            step = after_action(one.episode, flow, action.kind, result, now)
        else:
            step = None
        move_on(rows, parts.book, one, [step], now)


def _later(parts: Parts, action: Action, now: datetime) -> None:
    pause = min(timedelta(seconds=5) * 2 ** min(action.attempts - 1, 12), LONGEST_PAUSE)
    with parts.database.system() as rows:
        actions.later(rows, action, now + pause, is_untouched=False)
