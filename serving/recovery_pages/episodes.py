"""Which payments failed, what happened to each, and what may a person do about it?

A person's action goes through the same function as POST /v1/recovery/episodes/{id}/actions.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, Response
from pydantic import ValidationError

from core.errors import ConflictError, InvalidInputError
from recovery.flows.document import NOTHING_TO_RETRY, flow_of
from recovery.messages.templates import Purpose, Tone
from serving.auth.scope import TenantScope
from serving.recovery import episode_actions as actions
from serving.recovery.episode_lists import Sieve, cursor_of, episodes_of
from serving.recovery.episode_schemas import ActionWanted, EpisodeOutcome, EpisodeState
from serving.recovery_pages import words
from serving.recovery_pages.conditions import fact_text
from serving.recovery_pages.listing import ROWS, listing
from serving.recovery_pages.shell import PREFIX, base_of, shell
from serving.recovery_pages.timeline import timeline
from serving.web.pages import PageRoute, go
from serving.web.visits import AnyVisit, RecoveryAct, RecoveryLook, Visit
from serving.words import Id

router = APIRouter(include_in_schema=False, route_class=PageRoute, prefix=PREFIX + "/episodes")

# An empty choice of a form is no choice.
Chosen = Annotated[str, Query(pattern=r"^[A-Za-z0-9_.:-]{0,200}$")]
_FLOWS = "select id, name from recovery_flows order by name, id"
_CURRENCIES = "select distinct currency from recovery_episodes order by currency"
_OF_EPISODE = """
select f.id, f.name, v.document from recovery_flows f
join recovery_flow_versions v on v.workspace_id = f.workspace_id and v.flow_id = f.id
    and v.version = %s
where f.id = %s
"""
_TASKS = """
select id, instruction, created_at, done_at, done_by from recovery_tasks
where episode_id = %s order by created_at, id
"""
_DONE = {
    "pause": "Paused. Its timers stand still.",
    "resume": "Resumed.",
    "retry": "Asked for. The worker tries within moments, within the networks' limits.",
    "send": "Asked for. The worker sends it within moments, unless a cap or a refusal forbids it.",
    "close": "Closed. A payment that comes later still counts.",
    "complete": "The task is done.",
    "reopen": "The task is open again.",
}


@router.get("")
def get_episodes(
    visit: AnyVisit,
    scope: RecoveryLook,
    state: Annotated[Literal["", EpisodeState], Query()] = "",
    outcome: Annotated[Literal["", EpisodeOutcome], Query()] = "",
    cause: Chosen = "",
    reason: Chosen = "",
    currency: Chosen = "",
    flow_id: Chosen = "",
    find: Annotated[str, Query(max_length=200)] = "",
    cursor: Annotated[str, Query(max_length=1000)] = "",
) -> Response:
    """List episodes, filtered by a form that needs no script."""
    chosen = {
        "state": state, "outcome": outcome, "cause": cause, "reason": reason,
        "currency": currency, "flow_id": flow_id,
    }  # fmt: skip
    sought = find.strip()
    named = {"customer_id" if sought.startswith("cus_") else "subject_id": sought} if sought else {}
    sieve = Sieve(**{name: value or None for name, value in chosen.items()}, **named)
    with scope.transaction() as rows:
        found = episodes_of(rows, sieve, ROWS, cursor or None)
        flows = [(row["id"], row["name"]) for row in rows.execute(_FLOWS)]
        currencies = [(row["currency"],) * 2 for row in rows.execute(_CURRENCIES)]
    return shell(
        visit, scope, "episodes", "recovery/episodes.html",
        list=listing(found, {**chosen, "find": sought}, cursor, cursor_of), flows=flows,
        currencies=currencies, causes=words.CAUSES, reasons=words.REASONS,
        outcomes=words.OUTCOMES, states=words.STATES,
    )  # fmt: skip


@router.get("/{episode_id}")
def get_episode(
    visit: AnyVisit,
    scope: RecoveryLook,
    episode_id: Id,
    done: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """Show one episode: how it stands, its timeline, and what may be done."""
    return _show(visit, scope, episode_id, notice=_DONE.get(done, ""))


@router.post("/{episode_id}/actions")
def post_action(
    visit: AnyVisit,
    scope: RecoveryAct,
    episode_id: Id,
    do: Annotated[str, Form()],
    channel: Annotated[str, Form()] = "email",
    template: Annotated[str, Form()] = "",
    tone: Annotated[str, Form()] = "brand",
) -> Response:
    """Do what the member wants, and show the episode; a refusal is told on the page itself."""
    try:
        wanted = ActionWanted.model_validate(
            {"do": do, "channel": channel, "template": template or None, "tone": tone}
        )
        with scope.transaction() as rows:
            actions.act(scope, rows, episode_id, wanted)
    except ValidationError:
        return _show(visit, scope, episode_id, problem="That is nothing that can be done.",
                     status=422)  # fmt: skip
    except (ConflictError, InvalidInputError) as error:
        problem = " ".join(filter(None, (error.detail, error.next_step)))
        return _show(visit, scope, episode_id, problem=problem, status=error.status)
    return go(f"{base_of(scope)}/episodes/{episode_id}?done={wanted.do}")


def _show(
    visit: Visit,
    scope: TenantScope,
    episode_id: str,
    *,
    notice: str = "",
    problem: str = "",
    status: int = 200,
) -> Response:
    with scope.transaction() as rows:
        detail = actions.detail(rows, episode_id)
        flow = rows.execute(_OF_EPISODE, [detail.flow_version, detail.flow_id]).fetchone()
        tasks = rows.execute(_TASKS, [episode_id]).fetchall()
    document = flow_of(flow["document"]) if flow else None
    step = document.steps.get(detail.step) if document else None
    return shell(
        visit, scope, "episodes", "recovery/episode.html", status=status, episode=detail,
        entries=timeline(detail, document), flow=flow, tasks=tasks, notice=notice,
        problem=problem, step_name=(step.title if step else "") or words.plain(detail.step),
        pending=[one for one in detail.actions if one.state in ("ready", "started")],
        facts=[
            (words.plain(name), fact_text(value, name))
            for name, value in sorted(detail.facts.items())
            if value is not None
        ],
        may_retry=detail.cause not in NOTHING_TO_RETRY,
        purposes=[(one.value, words.plain(one)) for one in Purpose],
        tones=[("brand", "The brand’s voice"), *((one.value, words.plain(one)) for one in Tone)],
    )  # fmt: skip
