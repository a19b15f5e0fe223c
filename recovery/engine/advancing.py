"""What does an episode do when its time has come? One transition; again until it waits or acts.

What conditions want of the unified layer is looked up at the moment of the decision, and kept with
it. Where it cannot be read just now nothing is decided: the episode waits for it.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from recovery.engine.changing import act, end, move, stay
from recovery.engine.clocks import quiet_until, zone_of
from recovery.engine.episode import ActionRequest, Assignment, Episode, Terms, Transition
from recovery.engine.goals import ended_by_goal, goal_facts, note_held
from recovery.engine.planning import Plan, plan
from recovery.experiments.arms import Arm, Experiment, arm_of
from recovery.flows.conditions import holds, looked_at
from recovery.flows.document import NOTHING_TO_RETRY, Exit, Flow
from recovery.flows.facts import Fact, Facts
from recovery.flows.steps import (
    Await,
    Branch,
    End,
    Message,
    Retry,
    Split,
    Subscription,
    Task,
    Wait,
    Webhook,
)
from recovery.flows.waits import ends_at
from recovery.forecasting import Forecaster, chance_now
from recovery.known.columns import kept

# Where ClickHouse did not answer.
LOOKS_AGAIN = timedelta(minutes=5)


def advance(episode: Episode, flow: Flow, terms: Terms, now: datetime) -> Transition | None:
    """Return the episode's next transition; None where nothing is due."""
    if episode.state != "running" or episode.due_at is None or now < episode.due_at:
        return None
    facts: Facts = {**facts_now(episode, now), **goal_facts(episode, flow)}
    if wanted := flow.wanted_at(episode.step):
        if terms.lookup is None:
            return None  # another process can look it up, and goes on with it
        read = terms.lookup(episode, wanted, now)
        if read is None:
            reason = "What the warehouse knows cannot be read just now."
            return stay(episode, "deferred", reason, due_at=now + LOOKS_AGAIN,
                        awaits=episode.awaits, memory=episode.memory)  # fmt: skip
        facts = {**facts, **read}
    if flow.asks("propensity"):
        facts = with_propensity(facts, terms.forecaster, now)
    passed = note_held(episode, flow, facts, now) or ended_by_goal(episode, flow, now)
    if passed is not None:
        return passed
    left = leave(episode, flow.exits, facts, now)
    if left is not None:
        return left
    step = flow.steps[episode.step]
    if _passes_time(step) and _must_take_over(episode, flow, terms):
        return act(episode, ActionRequest("take_over"), "We retry, so the provider must not.")
    return _STEPS[type(step)](episode, step, terms, now, facts, flow)


def leave(
    episode: Episode, exits: Iterable[Exit], facts: Facts, now: datetime
) -> Transition | None:
    """End the episode where one of these conditions to leave its flow holds."""
    for way_out in exits:
        if holds(way_out.when, facts):
            known = kept(looked_at([way_out.when], facts))
            over = end(episode, way_out.outcome, "A condition to leave the flow holds.", now)
            return replace(over, details={**over.details, "known": known})
    return None


def facts_now(episode: Episode, now: datetime) -> Facts:
    """Return the episode's facts, and those that the engine itself knows."""
    memory = episode.memory
    own: dict[str, Fact] = {
        "cause": episode.cause,
        "amount": episode.amount_minor,
        "currency": episode.currency,
        "attempts_ours": memory.attempts_ours,
        "messages": memory.messages,
        "days_open": (now - episode.opened_at).days,
        "today": now.date().isoformat(),
    }
    expires_on, since = episode.facts.get("card_expires_on"), episode.facts.get("customer_since")
    if isinstance(expires_on, str):
        own["card_expires_in_days"] = (date.fromisoformat(expires_on) - now.date()).days
    if isinstance(since, int):
        own["tenure_days"] = (int(now.timestamp()) - since) // 86_400
    due = episode.facts.get("due_at")
    if isinstance(due, int):
        own["days_past_due"] = (int(now.timestamp()) - due) // 86_400
    return {**episode.facts, **own, **{f"arm.{name}": arm for name, arm in memory.arms.items()}}


def with_propensity(facts: Facts, forecaster: Forecaster | None, now: datetime) -> Facts:
    """Return the facts with the chance of a try made now, where it is known."""
    chance = chance_now(facts, forecaster, now)
    return facts if chance is None else {**facts, "propensity": chance}


def _passes_time(step: object) -> bool:
    return isinstance(step, Wait | Await | Retry)


def _must_take_over(episode: Episode, flow: Flow, terms: Terms) -> bool:
    memory = episode.memory
    return (
        terms.owner == "oppulence"
        and episode.subject_kind == "invoice"
        and not (memory.taken_over or memory.not_ours or memory.is_holdout)
        and episode.cause not in NOTHING_TO_RETRY
        and any(isinstance(step, Retry) for step in flow.steps.values())
    )


def _wait(
    episode: Episode, step: Wait, terms: Terms, now: datetime, _: Facts, __: Flow
) -> Transition:
    if episode.memory.phase == "armed":
        return move(episode, step.next, now, "wait_over", "The time has come.")
    until = ends_at(step.until, now, zone_of(episode, terms))
    memory = replace(episode.memory, phase="armed")
    return stay(episode, "wait_began", "Waits.", due_at=until, memory=memory)


def _await(
    episode: Episode, step: Await, terms: Terms, now: datetime, _: Facts, __: Flow
) -> Transition:
    memory = episode.memory
    if step.event == "goal_reached" and step.goal in memory.goals:
        reason = f"The goal was reached: {step.goal}."
        return move(episode, step.on_event, now, "event", reason)
    if memory.phase == "armed":
        return move(episode, step.on_timeout, now, "timed_out", f"No {step.event} in time.")
    if step.event == "payment_method_updated" and episode.memory.has_new_method:
        reason = "Another method has come already."
        return move(episode, step.on_event, now, "event", reason, memory={"has_new_method": False})
    memory = replace(episode.memory, phase="armed")
    until = now + step.timeout.length
    reason = f"Waits for {step.event}."
    return stay(episode, "wait_began", reason, due_at=until, awaits=step.event, memory=memory)


def _branch(
    episode: Episode, step: Branch, _: Terms, now: datetime, facts: Facts, __: Flow
) -> Transition:
    for number, case in enumerate(step.cases):
        if holds(case.when, facts):
            known = kept(looked_at([case.when], facts))
            details = {"port": f"case_{number}", "known": known}
            reason = f"Condition {number + 1} holds."
            return move(episode, case.next, now, "branched", reason, details=details)
    known = kept(looked_at([case.when for case in step.cases], facts))
    details = {"port": "otherwise", "known": known}
    return move(episode, step.otherwise, now, "branched", "No condition holds.", details=details)


def _retry(
    episode: Episode, step: Retry, terms: Terms, now: datetime, facts: Facts, _: Flow
) -> Transition:
    memory = episode.memory
    if terms.owner != "oppulence" or memory.not_ours or memory.is_holdout:
        return move(episode, step.on_stop, now, "retry_left", "Retries belong to the provider.")
    if memory.phase == "armed":
        content = {"try_number": memory.try_number + 1}
        return act(episode, ActionRequest("retry", content), "The time to try again has come.")
    scheduled = ends_at(step.schedule[memory.try_number], now, zone_of(episode, terms))
    if memory.has_new_method:  # what the schedule waits for is the old method's
        planned = Plan(now, "at once, with the new method", {})
    else:
        planned = plan(step, facts, terms.forecaster, scheduled, terms.tries(episode))
    number = f"{memory.try_number + 1} of {len(step.schedule)}"
    reason = f"Try {number} is planned {planned.reason.removesuffix('.')}."
    memory = replace(memory, phase="armed")
    return stay(episode, "retry_planned", reason, due_at=planned.at, memory=memory,
                details=planned.details)  # fmt: skip


def _message(
    episode: Episode, step: Message, terms: Terms, now: datetime, _: Facts, flow: Flow
) -> Transition:
    loud_at = quiet_until(flow.quiet_hours, now, zone_of(episode, terms))
    if step.channel != "slack" and loud_at is not None:
        memory = replace(episode.memory, phase="armed")
        reason = "Nothing is sent in the customer's quiet hours."
        return stay(episode, "deferred", reason, due_at=loud_at, memory=memory)
    content = {
        "channel": step.channel, "template": step.template, "tone": step.tone, "basis": step.basis,
    }  # fmt: skip
    return act(episode, ActionRequest("message", content), f"Writes {step.template}.")


def _task(
    episode: Episode, step: Task, _: Terms, __: datetime, ___: Facts, ____: Flow
) -> Transition:
    return act(episode, ActionRequest("task", {"instruction": step.instruction}), "Asks a person.")


def _webhook(
    episode: Episode, step: Webhook, _: Terms, __: datetime, ___: Facts, ____: Flow
) -> Transition:
    return act(episode, ActionRequest("webhook", {"label": step.label}), "Tells other systems.")


def _subscription(
    episode: Episode, step: Subscription, _: Terms, __: datetime, ___: Facts, ____: Flow
) -> Transition:
    content: dict[str, Any] = {"do": step.do, "price": step.price}
    return act(episode, ActionRequest("subscription", content), f"Has it do: {step.do}.")


def _split(
    episode: Episode, step: Split, _: Terms, now: datetime, facts: Facts, __: Flow
) -> Transition:
    unit = episode.customer_id or episode.subject_id
    arms = tuple(Arm(arm.name, arm.share * 100) for arm in step.arms)
    smallest = min(step.arms, key=lambda arm: (not arm.holdout, arm.share))
    # The same name in another workspace is another experiment.
    drawn = arm_of(
        Experiment(f"{episode.workspace_id}|{step.experiment}", arms, smallest.name), unit
    )
    arm = next(arm for arm in step.arms if arm.name == drawn)
    memory = {
        "arms": {**episode.memory.arms, step.experiment: arm.name},
        "is_holdout": episode.memory.is_holdout or arm.holdout,
    }
    stratum = f"{facts.get('cause', '')}|{facts.get('decline_class', 'none')}"
    assignment = Assignment(step.experiment, unit, arm.name, arm.holdout, stratum)
    return move(
        episode, arm.next, now, "assigned", f"Drawn: {arm.name}.", memory=memory,
        assignment=assignment, details={"experiment": step.experiment, "arm": arm.name},
    )  # fmt: skip


def _end(episode: Episode, step: End, _: Terms, now: datetime, __: Facts, ___: Flow) -> Transition:
    return end(episode, step.outcome, "The flow is over.", now)


_STEPS: dict[type, Callable[..., Transition]] = {
    Wait: _wait, Await: _await, Branch: _branch, Retry: _retry, Message: _message, Task: _task,
    Webhook: _webhook, Subscription: _subscription, Split: _split, End: _end,
}  # fmt: skip
