"""What may be said of an experiment? Who was drawn, what settled in time, and what both tell."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from core.database import Rows
from core.errors import NotFoundError
from recovery.experiments.analysis import Comparison, analyse
from recovery.experiments.arms import Arm, Experiment
from recovery.experiments.cash import CashLift
from recovery.experiments.goals import GoalLift, goal_lifts
from recovery.experiments.proportions import Interval
from recovery.experiments.units import Tally, Unit
from serving.auth.scope import TenantScope
from serving.recovery import experiment_queries as queries
from serving.recovery.experiment_cash import Cash, settled_cash
from serving.recovery.experiment_schemas import (
    ArmComparison,
    ArmOutcome,
    Bounds,
    CashOutcome,
    ExperimentCheck,
    ExperimentDetail,
    ExperimentSummary,
    GoalOutcome,
)


def summaries(rows: Rows) -> list[ExperimentSummary]:
    """Return every experiment of the published flows, by name; the newest version of each."""
    found: dict[str, ExperimentSummary] = {}
    counts = rows.execute(queries.COUNTS).fetchall()
    for row in rows.execute(queries.SPLITS):
        name = row["split"]["experiment"]
        if name not in found:
            found[name] = _summary(name, row, [one for one in counts if one["experiment"] == name])
    return [found[name] for name in sorted(found)]


def detail(scope: TenantScope, name: str, as_of: datetime) -> ExperimentDetail:
    """Analyse an experiment.

    Raises:
        NotFoundError: No published flow has a split of this name.
        MartsMissingError: The marts are not built.
    """
    with scope.transaction() as rows:
        known = {one.name: one for one in summaries(rows)}
        if name not in known:
            raise NotFoundError(
                f"There is no experiment {name}.",
                next_step="GET /v1/recovery/experiments lists those of published flows.",
            )
        drawn = rows.execute(queries.UNITS, [name]).fetchall()
    summary = known[name]
    # The same name as it was drawn under, and as it is analysed.
    experiment = Experiment(
        f"{scope.tenant}|{name}",
        tuple(Arm(arm, share * 100) for arm, share in summary.shares.items()),
        summary.holdout,
    )
    settled = settled_cash(scope, drawn, timedelta(days=experiment.maturity_days))
    units = [_unit(experiment, row, settled) for row in drawn]
    analysis = analyse(experiment, units, as_of=as_of)
    return ExperimentDetail(
        **summary.model_dump(),
        as_of=as_of,
        maturity_days=experiment.maturity_days,
        effect=experiment.effect,
        matured=analysis.matured,
        unknown=analysis.unknown,
        needed=analysis.needed,
        checks=[
            ExperimentCheck(
                name=check.name, passed=check.passed, p_value=check.p_value, detail=check.detail
            )
            for check in analysis.checks
        ],
        comparisons=[
            _comparison(
                one, goal_lifts(experiment, one.arm, units, list(summary.goals), as_of=as_of)
            )
            for one in analysis.comparisons
        ],
    )


def _summary(name: str, row: Mapping[str, Any], counts: list[dict[str, Any]]) -> ExperimentSummary:
    arms = row["split"]["arms"]
    held = min(arms, key=lambda arm: (not arm.get("holdout", False), arm["share"]))
    return ExperimentSummary(
        name=name,
        flow_id=row["flow_id"],
        flow_name=row["flow_name"],
        holdout=held["name"],
        shares={arm["name"]: arm["share"] for arm in arms},
        assigned={one["arm"]: one["units"] for one in counts},
        first_at=min((one["first_at"] for one in counts), default=None),
        goals={
            goal["name"]: goal.get("title") or goal["name"].replace("_", " ").capitalize()
            for goal in row["goals"]
        },
    )


def _unit(experiment: Experiment, row: Mapping[str, Any], settled: Cash) -> Unit:
    place = row["connection_id"], row["subject_id"]
    until = row["assigned_at"] + timedelta(days=experiment.maturity_days)
    return Unit(
        id=f"{row['connection_id']}|{row['unit']}",
        arm=row["arm"],
        stratum=row["stratum"],
        entered_at=row["assigned_at"],
        currency=row["currency"],
        at_risk_minor=row["amount_minor"],
        settled_minor=settled.get(place, 0),
        goals=frozenset(
            name
            for name, reached in row["goals"].items()
            if datetime.fromisoformat(reached["at"]) <= until
        ),
        is_known=place in settled,
    )


def _comparison(one: Comparison, goals: Sequence[GoalLift]) -> ArmComparison:
    return ArmComparison(
        arm=one.arm,
        verdict=one.verdict,
        reason=one.reason,
        treated=_outcome(one.treated),
        control=_outcome(one.control),
        single_look=_bounds(one.single_look),
        every_look=None if one.every_look is None else _bounds(one.every_look),
        cash=[_cash(lift) for lift in one.cash],
        goals=[
            GoalOutcome(
                goal=lift.goal, treated=_outcome(lift.treated), control=_outcome(lift.control),
                difference=_bounds(lift.difference),
            )
            for lift in goals
        ],
    )  # fmt: skip


def _outcome(counted: Tally) -> ArmOutcome:
    return ArmOutcome(units=counted.units, recovered=counted.recovered, rate=round(counted.rate, 4))


def _bounds(interval: Interval) -> Bounds:
    values = (interval.estimate, interval.lower, interval.upper)
    estimate, lower, upper = (round(value, 4) for value in values)
    return Bounds(estimate=estimate, lower=lower, upper=upper)


def _cash(lift: CashLift) -> CashOutcome:
    estimate, lower, upper = lift.total or (None, None, None)
    return CashOutcome(
        currency=lift.currency,
        treated_minor=lift.treated_minor,
        control_minor=lift.control_minor,
        lift_minor=estimate,
        lift_lower_minor=lower,
        lift_upper_minor=upper,
    )
