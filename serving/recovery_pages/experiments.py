"""Did recovery help? The splits of flows and what is known of each, or "not yet" said plainly."""

from fastapi import APIRouter, Response

from core.clock import utc_now
from serving.recovery import experiment_actions as actions
from serving.recovery.experiment_cash import MartsMissingError
from serving.recovery.experiment_schemas import ArmComparison, Bounds, ExperimentDetail
from serving.recovery_pages.charts import Span, interval, reach, share
from serving.recovery_pages.shell import PREFIX, shell
from serving.web.formats import percent
from serving.web.pages import PageRoute
from serving.web.visits import AnyVisit, RecoveryLook
from serving.words import Word

router = APIRouter(include_in_schema=False, route_class=PageRoute, prefix=PREFIX + "/experiments")

VERDICTS = {
    "not_yet": ("Not yet", "warn", "A difference that shows today may well be chance."),
    "lift": ("It helps", "good", "More customers pay in it."),
    "harm": ("It harms", "bad", "Fewer customers pay in it."),
    "no_effect_seen": ("No effect seen", "", "If there is one, it is smaller than was asked for."),
    "invalid": ("Cannot be read", "bad", "It was not carried out as designed."),
}
CHECKS = {
    "sample_ratio": "Arms are as large as drawn",
    "balance": "Arms had the same at risk",
    "a_a": "Arms were alike while treated alike",
}


@router.get("")
def get_experiments(visit: AnyVisit, scope: RecoveryLook) -> Response:
    """List the splits of published flows."""
    with scope.transaction() as rows:
        found = actions.summaries(rows)
    return shell(visit, scope, "experiments", "recovery/experiments.html", experiments=found)


@router.get("/{name}")
def get_experiment(visit: AnyVisit, scope: RecoveryLook, name: Word) -> Response:
    """Show what may be said of one, with its intervals."""
    try:
        detail = actions.detail(scope, name, utc_now())
    except MartsMissingError as error:
        return shell(
            visit, scope, "experiments", "recovery/experiment.html", name=name, experiment=None,
            problem=f"{error.detail} {error.next_step}", comparisons=[], verdicts=VERDICTS,
            checks=CHECKS, points=points,
        )  # fmt: skip
    return shell(
        visit, scope, "experiments", "recovery/experiment.html", name=name, experiment=detail,
        comparisons=[_drawn(one, detail) for one in detail.comparisons], verdicts=VERDICTS,
        checks=CHECKS, problem="", points=points,
    )  # fmt: skip


def points(share_of_one: float) -> str:
    """Return a difference of rates in percentage points, its sign before it: `+4.2`."""
    return f"{share_of_one * 100:+.1f}".replace("-", "\N{MINUS SIGN}")


def _drawn(one: ArmComparison, detail: ExperimentDetail) -> dict[str, object]:
    """Return a comparison with its charts."""
    looks = {"Right at every look": one.every_look, "Right at one look": one.single_look}
    spans = {name: _span(bounds) for name, bounds in looks.items() if bounds is not None}
    scale = reach(list(spans.values()))
    return {
        "said": one,
        "arms": [
            (name, counted, share(counted.rate, f"{name}: {percent(counted.rate)}"))
            for name, counted in ((one.arm, one.treated), (detail.holdout, one.control))
        ],
        "looks": [
            (name, points(span.estimate), points(span.lower), points(span.upper),
             interval(span, scale, f"{name}: {points(span.lower)} to {points(span.upper)}"))
            for name, span in spans.items()
        ],
    }  # fmt: skip


def _span(bounds: Bounds) -> Span:
    return Span(bounds.estimate, bounds.lower, bounds.upper)
