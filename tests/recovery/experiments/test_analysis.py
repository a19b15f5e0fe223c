"""An experiment says lift, harm, no effect, invalid or "not yet": each from hand-made records."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from recovery.experiments.analysis import Verdict, analyse
from recovery.experiments.arms import Arm, Experiment
from recovery.experiments.units import Tally, Unit

START = datetime(2026, 1, 1, tzinfo=UTC)
EXPERIMENT = Experiment(
    "exp", (Arm("flow", 5000), Arm("holdout", 5000)), holdout="holdout", effect=0.1
)
LATE = START + timedelta(days=400)


def units(arm: str, count: int, recovered: int, **changes: object) -> list[Unit]:
    """Customers of an arm, the first of them recovered; each entered a second after the last."""
    return [
        Unit(
            **{
                "id": f"{arm}_{number}",
                "arm": arm,
                "stratum": "eur",
                "entered_at": START + timedelta(seconds=number),
                "currency": "EUR",
                "at_risk_minor": 1000 + number % 7,
                "settled_minor": 1000 if number < recovered else 0,
                **changes,
            }  # type: ignore[arg-type]
        )
        for number in range(count)
    ]


@pytest.mark.parametrize(
    ("paid", "alone", "verdict"),
    [(700, 500, Verdict.LIFT), (400, 600, Verdict.HARM), (505, 500, Verdict.NO_EFFECT_SEEN)],
)
def test_what_is_known_is_said(paid: int, alone: int, verdict: Verdict) -> None:
    found = analyse(
        EXPERIMENT, [*units("flow", 1000, paid), *units("holdout", 1000, alone)], as_of=LATE
    )
    [flow] = found.comparisons
    assert (flow.treated, flow.control) == (Tally(1000, paid), Tally(1000, alone))
    assert flow.verdict is verdict
    assert all(check.passed for check in found.checks)
    [cash] = flow.cash
    assert (cash.treated_minor, cash.control_minor) == (paid * 1000, alone * 1000)
    assert cash.total is not None
    assert cash.total[0] == (paid - alone) * 1000


def test_outcomes_that_have_not_matured_are_not_counted() -> None:
    """Who entered yesterday has not recovered yet: counting them favours whoever acts early."""
    old = [*units("flow", 200, 140), *units("holdout", 200, 100)]
    entered = LATE - timedelta(days=29)
    new = [
        *units("flow", 300, 300, entered_at=entered),
        *units("holdout", 300, 0, entered_at=entered),
    ]
    renamed = [
        Unit(f"new_{unit.id}", unit.arm, unit.stratum, unit.entered_at, "EUR", 1000, 0)
        for unit in new
    ]
    found = analyse(EXPERIMENT, [*old, *renamed], as_of=LATE)
    assert (found.assigned, found.matured) == (1000, 400)
    assert found.comparisons[0].treated == Tally(200, 140)


def test_who_is_not_known_is_counted_apart_and_nothing_is_said_meanwhile() -> None:
    """An unpaid 0 and an unknown 0 are two things: the second would be harm that nobody saw."""
    known = [*units("flow", 1000, 700), *units("holdout", 1000, 500)]
    missing = units("flow", 3, 0, is_known=False)
    renamed = [replace(unit, id=f"missing_{unit.id}") for unit in missing]
    found = analyse(EXPERIMENT, [*known, *renamed], as_of=LATE)
    assert (found.assigned, found.matured, found.unknown) == (2003, 2000, 3)
    [flow] = found.comparisons
    assert (flow.treated, flow.control) == (Tally(1000, 700), Tally(1000, 500))
    assert flow.verdict is Verdict.NOT_YET
    assert "not known yet of 3 of 2003 customers" in flow.reason
    # Those whose time is not over may be unknown: they are not looked at.
    young = [replace(unit, entered_at=LATE - timedelta(days=1)) for unit in renamed]
    assert analyse(EXPERIMENT, [*known, *young], as_of=LATE).comparisons[0].verdict is Verdict.LIFT


def test_the_order_of_the_records_changes_nothing() -> None:
    records = [*units("flow", 300, 180), *units("holdout", 300, 150)]
    assert analyse(EXPERIMENT, records, as_of=LATE) == analyse(
        EXPERIMENT, reversed(records), as_of=LATE
    )


def test_few_outcomes_are_not_yet() -> None:
    found = analyse(EXPERIMENT, [*units("flow", 40, 30), *units("holdout", 40, 5)], as_of=LATE)
    assert found.needed is None
    assert found.comparisons[0].verdict is Verdict.NOT_YET
    assert found.comparisons[0].every_look is None


def test_an_effect_that_could_still_show_is_not_yet() -> None:
    found = analyse(EXPERIMENT, [*units("flow", 200, 110), *units("holdout", 200, 100)], as_of=LATE)
    assert found.comparisons[0].verdict is Verdict.NOT_YET
    assert found.needed is not None
    assert found.needed > 400


def test_lost_customers_make_an_experiment_invalid() -> None:
    """A hundred of the flow's customers were never recorded: the rest are not like the holdout."""
    found = analyse(
        EXPERIMENT, [*units("flow", 700, 650), *units("holdout", 1000, 500)], as_of=LATE
    )
    assert found.comparisons[0].verdict is Verdict.INVALID
    assert "sample_ratio: flow 700 of 850 expected" in found.comparisons[0].reason


def test_a_customer_of_an_unknown_arm_makes_an_experiment_invalid() -> None:
    found = analyse(
        EXPERIMENT,
        [*units("flow", 500, 350), *units("holdout", 500, 250), *units("old", 1, 1)],
        as_of=LATE,
    )
    assert found.comparisons[0].verdict is Verdict.INVALID
    assert "1 customers are in no arm" in found.comparisons[0].reason


def test_arms_that_were_dealt_by_amount_are_found_out() -> None:
    records = [
        *units("flow", 500, 350, at_risk_minor=900),
        *units("holdout", 500, 250, at_risk_minor=5000),
    ]
    found = analyse(EXPERIMENT, records, as_of=LATE)
    assert found.comparisons[0].verdict is Verdict.INVALID
    assert "balance" in found.comparisons[0].reason


def test_a_first_phase_checks_the_assignment_and_is_left_out() -> None:
    first = [*units("flow", 300, 250), *units("holdout", 300, 150)]
    later = START + timedelta(days=60)
    second = [
        Unit(f"second_{unit.id}", unit.arm, "eur", later, "EUR", 1000, unit.settled_minor)
        for unit in [*units("flow", 300, 200), *units("holdout", 300, 150)]
    ]
    found = analyse(
        EXPERIMENT, [*first, *second], as_of=LATE, treated_alike_until=START + timedelta(days=30)
    )
    assert found.matured == 600
    assert {check.name: check.passed for check in found.checks} == {
        "sample_ratio": True,
        "balance": True,
        "a_a": False,
    }
    assert found.comparisons[0].verdict is Verdict.INVALID


def test_several_arms_share_the_error() -> None:
    """With three arms against the holdout, each is given a wider interval than one alone."""
    many = Experiment(
        "many",
        (Arm("a", 2500), Arm("b", 2500), Arm("c", 2500), Arm("holdout", 2500)),
        holdout="holdout",
        effect=0.1,
    )
    records = [
        record
        for arm in ("a", "b", "c", "holdout")
        for record in units(arm, 300, 180 if arm == "a" else 150)
    ]
    three = analyse(many, records, as_of=LATE).comparisons
    alone = analyse(
        EXPERIMENT, [*units("flow", 300, 180), *units("holdout", 300, 150)], as_of=LATE
    ).comparisons[0]
    assert [comparison.arm for comparison in three] == ["a", "b", "c"]
    assert three[0].single_look.upper > alone.single_look.upper
    assert three[0].every_look is not None
    assert alone.every_look is not None
    assert three[0].every_look.lower < alone.every_look.lower
