"""Was a goal reached? Noted once per episode, with the step it stood at; some end the flow."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from recovery.engine.changing import end, stay
from recovery.engine.episode import Episode, Transition
from recovery.flows.conditions import holds, wanted
from recovery.flows.document import Flow
from recovery.flows.facts import GOAL_PREFIX, Facts
from recovery.flows.goals import Goal, Happened, Held, Paid
from recovery.flows.steps import Await


def goal_facts(episode: Episode, flow: Flow) -> Facts:
    """Return, of every goal of the flow, whether it was reached."""
    return {f"{GOAL_PREFIX}{goal.name}": goal.name in episode.memory.goals for goal in flow.goals}


def note(
    episode: Episode, flow: Flow, facts: Facts, events: Collection[str], now: datetime
) -> Transition | None:
    """Note the goals that what has just happened reaches; None where it reaches none.

    What would have to be looked up is left to the episode's next step.
    """
    return _reached(
        episode, flow, (g for g in _open(episode, flow) if _is(g, episode, facts, events)), now
    )


def note_held(episode: Episode, flow: Flow, facts: Facts, now: datetime) -> Transition | None:
    """Note the goals whose condition holds of these facts, which hold what was looked up."""
    held = (
        goal
        for goal in _open(episode, flow)
        if isinstance(goal.reached, Held) and holds(goal.reached.when, facts)
    )
    return _reached(episode, flow, held, now)


def ended_by_goal(episode: Episode, flow: Flow, now: datetime) -> Transition | None:
    """End a flow of which a goal that ends it was reached."""
    for goal in flow.goals:
        if goal.ends_flow and goal.name in episode.memory.goals:
            return end(episode, "goal_reached", f"Its goal was reached: {titled(goal)}.", now)
    return None


def titled(goal: Goal) -> str:
    """Return what a goal is called."""
    return goal.title or goal.name.replace("_", " ").capitalize()


def _open(episode: Episode, flow: Flow) -> Iterable[Goal]:
    return (goal for goal in flow.goals if goal.name not in episode.memory.goals)


def _is(goal: Goal, episode: Episode, facts: Facts, events: Collection[str]) -> bool:
    reached = goal.reached
    if isinstance(reached, Happened):
        return reached.event in events
    if isinstance(reached, Paid):
        return _is_paid(reached, episode)
    return not wanted([reached.when]) and holds(reached.when, facts)


def _is_paid(goal: Paid, episode: Episode) -> bool:
    if goal.at_least_minor is None:
        return episode.outcome == "recovered"
    so_far = episode.facts.get("paid", 0)
    paid = max(episode.recovered_minor, so_far if isinstance(so_far, int) else 0)
    return episode.currency == goal.currency and paid >= goal.at_least_minor


def _reached(
    episode: Episode, flow: Flow, goals: Iterable[Goal], now: datetime
) -> Transition | None:
    found = list(goals)
    if not found:
        return None
    at = {"at": now.isoformat(), "step": episode.step}
    memory = replace(
        episode.memory, goals={**episode.memory.goals, **{goal.name: at for goal in found}}
    )
    due_at = episode.due_at
    if any(_wakes(episode, flow, goal) for goal in found):
        if episode.state == "paused":
            memory = replace(memory, paused_due=now.isoformat())
        elif episode.state == "running" and memory.phase != "acting":
            due_at = now
    reason = f"Reached: {', '.join(titled(goal) for goal in found)}."
    return stay(
        episode, "goal_reached", reason, due_at=due_at, awaits=episode.awaits, memory=memory,
        details={"goals": [goal.name for goal in found]},
    )  # fmt: skip


def _wakes(episode: Episode, flow: Flow, goal: Goal) -> bool:
    """Say whether the episode goes on at once: the flow ends by it, or its step waits for it."""
    step = flow.steps.get(episode.step)
    return goal.ends_flow or (isinstance(step, Await) and step.goal == goal.name)
