"""What may be said of an experiment today? An estimate with its bounds, or "not yet" and why.

The verdict comes from the confidence sequence alone, so that looking every day costs nothing. The
interval of a single look (Newcombe) stands beside it: it is the narrower, and right on the one day
that was chosen beforehand. Several arms against one holdout share the error between them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zlib import crc32

from recovery.experiments.arms import Experiment
from recovery.experiments.cash import CashLift, cash_lift
from recovery.experiments.checks import Check, a_a, balance, sample_ratio
from recovery.experiments.proportions import CONFIDENCE, Interval, newcombe
from recovery.experiments.sequential import confidence_sequence, is_readable, units_needed
from recovery.experiments.units import Tally, Unit, matured, settled, tally


class Verdict(StrEnum):
    """What may be said of an arm."""

    NOT_YET = "not_yet"
    LIFT = "lift"
    HARM = "harm"
    # As many matured as the effect needs, and it did not show.
    NO_EFFECT_SEEN = "no_effect_seen"
    # The experiment was not carried out as designed: nothing may be said.
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One arm against the holdout, over matured customers."""

    arm: str
    treated: Tally
    control: Tally
    single_look: Interval
    every_look: Interval | None
    cash: tuple[CashLift, ...]
    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True)
class Analysis:
    """An experiment as it stands at a time.

    `matured` are those whose outcome is known; `unknown` those whose time is over, and of whom
    nobody can say what settled: they are in no comparison, and while there are any, nothing is
    said of the others.
    """

    experiment: str
    as_of: datetime
    assigned: int
    matured: int
    unknown: int
    needed: int | None
    checks: tuple[Check, ...]
    comparisons: tuple[Comparison, ...]


def analyse(
    experiment: Experiment,
    units: Iterable[Unit],
    *,
    as_of: datetime,
    treated_alike_until: datetime | None = None,
) -> Analysis:
    """Compare every arm with the holdout.

    Args:
        experiment: The arms and what they are compared with.
        units: Everyone who was ever assigned, once each, in any order.
        as_of: The time at which outcomes are known.
        treated_alike_until: The end of a first phase in which every arm was treated alike; its
            customers check the assignment and are left out of the comparison.
    """
    everyone = sorted(units, key=lambda unit: unit.id)
    over = matured(experiment, everyone, as_of)
    known = [unit for unit in over if unit.is_known]
    unknown = len(over) - len(known)
    first = [u for u in known if treated_alike_until and u.entered_at < treated_alike_until]
    counted = [u for u in known if not (treated_alike_until and u.entered_at < treated_alike_until)]
    checks = [sample_ratio(experiment, everyone), balance(experiment, everyone)]
    if treated_alike_until is not None:
        checks.append(a_a(experiment, first))
    control = [unit for unit in counted if unit.arm == experiment.holdout]
    others = [arm for arm in experiment.arms if arm.name != experiment.holdout]
    needed = _needed(experiment, tally(control))
    failed = [check for check in checks if not check.passed]
    comparisons = [
        _compare(
            experiment, arm.name, counted, control, len(others), needed, failed, as_of, unknown
        )
        for arm in others
    ]
    return Analysis(
        experiment=experiment.id,
        as_of=as_of,
        assigned=len(everyone),
        matured=len(counted),
        unknown=unknown,
        needed=needed,
        checks=tuple(checks),
        comparisons=tuple(comparisons),
    )


def _compare(
    experiment: Experiment,
    arm: str,
    counted: Sequence[Unit],
    control: Sequence[Unit],
    comparisons: int,
    needed: int | None,
    failed: Sequence[Check],
    as_of: datetime,
    unknown: int,
) -> Comparison:
    treated = [unit for unit in counted if unit.arm == arm]
    ours, theirs = tally(treated), tally(control)
    confidence = 1 - (1 - CONFIDENCE) / comparisons
    every_look = (
        confidence_sequence(experiment, ours, theirs, confidence)
        if is_readable(ours, theirs)
        else None
    )
    currencies = sorted({unit.currency for unit in counted})
    verdict, reason = _verdict(experiment, every_look, len(counted), needed, failed, as_of, unknown)
    return Comparison(
        arm=arm,
        treated=ours,
        control=theirs,
        single_look=newcombe(ours, theirs, confidence),
        every_look=every_look,
        cash=tuple(
            cash_lift(
                currency,
                settled(treated, currency),
                settled(control, currency),
                seed=crc32(f"{experiment.id} {arm} {currency}".encode()),
            )
            for currency in currencies
        ),
        verdict=verdict,
        reason=reason,
    )


def _verdict(
    experiment: Experiment,
    every_look: Interval | None,
    counted: int,
    needed: int | None,
    failed: Sequence[Check],
    as_of: datetime,
    unknown: int,
) -> tuple[Verdict, str]:
    if failed:
        return Verdict.INVALID, "; ".join(f"{check.name}: {check.detail}" for check in failed)
    if unknown:
        return (
            Verdict.NOT_YET,
            f"What settled is not known yet of {unknown} of {counted + unknown} customers whose"
            f" {experiment.maturity_days} days are over.",
        )
    if every_look is None or needed is None:
        first = (as_of - timedelta(days=experiment.maturity_days)).date()
        return (
            Verdict.NOT_YET,
            f"{counted} outcomes are known, of customers who entered by {first}; ten recovered and"
            " ten lost in each arm are the least.",
        )
    if every_look.lower > 0:
        return Verdict.LIFT, "More is recovered than without, at every look's bound."
    if every_look.upper < 0:
        return Verdict.HARM, "Less is recovered than without, at every look's bound."
    if counted >= needed:
        return (
            Verdict.NO_EFFECT_SEEN,
            f"{counted} outcomes would have shown {experiment.effect:.1%} four times in five.",
        )
    return Verdict.NOT_YET, f"{counted} of about {needed} outcomes that the effect needs are known."


def _needed(experiment: Experiment, control: Tally) -> int | None:
    """Return how many outcomes the effect needs; None before the holdout's rate is known."""
    if not is_readable(control):
        return None
    others = len(experiment.arms) - 1
    return units_needed(experiment, control.rate, alpha=(1 - CONFIDENCE) / others)
