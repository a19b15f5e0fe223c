"""How are saved metrics read? Listed, by name, or exported: of billing, and of recovery."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from core.clock import utc_now
from core.errors import NotFoundError
from serving.auth.scope import MetricsExport, MetricsRead
from serving.caching import NOT_MODIFIED
from serving.exporting import ANSWERS
from serving.metrics import answering, billing, exporting, recovery
from serving.metrics.registry import Metric
from serving.metrics.saved_schemas import (
    MetricAnswer,
    MetricDescription,
    MetricExport,
    MetricPage,
)
from serving.pagination import Collection
from serving.responses import problems

router = APIRouter(tags=["metrics"])

BILLING, RECOVERY = "/v1/metrics", "/v1/recovery/metrics"
Name = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
BillingName = Annotated[Name, Path(examples=["arpu"])]
RecoveryName = Annotated[Name, Path(examples=["recovery_rate"])]


def described(metrics: Mapping[str, Metric], prefix: str) -> list[MetricDescription]:
    """Return what there is to ask for at an address."""
    return [
        MetricDescription(
            name=one.name, description=one.description, unit=one.unit, mart=one.mart,
            dimensions=list(one.dimensions), intervals=list(one.intervals),
            address=f"{prefix}/{one.name}",
        )
        for one in metrics.values()
    ]  # fmt: skip


@router.get(BILLING, summary="List saved metrics", operation_id="list_metrics")
def get_metrics(_: MetricsRead) -> Collection[MetricDescription]:
    """List the saved metrics, of billing and of recovery. MRR has an address of its own."""
    of_billing = described(billing.METRICS, BILLING)
    return Collection(data=of_billing + described(recovery.METRICS, RECOVERY))


@dataclass(frozen=True, slots=True)
class Family:
    """Saved metrics of one address: what differs between those of billing and of recovery."""

    address: str
    metrics: Mapping[str, Metric]
    name: Any
    thing: str
    operation: str
    answer_says: str
    file_says: str


FAMILIES = (
    Family(
        BILLING,
        billing.METRICS,
        BillingName,
        "a saved metric",
        "metric",
        "Show a metric by interval, currency and cut; amounts are exact, and apart by currency.",
        "Send every point of a metric, as CSV or Parquet.",
    ),
    Family(
        RECOVERY,
        recovery.METRICS,
        RecoveryName,
        "a saved metric of recovery",
        "recovery_metric",
        "Show a metric of failed payments by interval, currency and cut.",
        "Send every point of a metric of failed payments, as CSV or Parquet.",
    ),
)


def _add(family: Family) -> None:
    def get_one(scope: MetricsRead, name: Any, query: Annotated[MetricPage, Query()]) -> Response:
        metric = answering.find(family.metrics, name, scope)
        return answering.answer(scope, metric, query, utc_now().date())

    def get_file(
        scope: MetricsExport, name: Any, query: Annotated[MetricExport, Query()]
    ) -> Response:
        return _exported(scope, answering.find(family.metrics, name, scope), query)

    for handler in (get_one, get_file):
        handler.__annotations__["name"] = family.name
    router.add_api_route(
        f"{family.address}/{{name}}",
        get_one,
        methods=["GET"],
        summary=f"Get {family.thing}",
        operation_id=f"get_{family.operation}",
        description=family.answer_says,
        response_model=MetricAnswer,
        responses=NOT_MODIFIED | problems(NotFoundError),
    )
    router.add_api_route(
        f"{family.address}/{{name}}/export",
        get_file,
        methods=["GET"],
        summary=f"Export {family.thing}",
        operation_id=f"export_{family.operation}",
        description=family.file_says,
        response_class=Response,
        responses=ANSWERS | problems(NotFoundError),
    )


def _exported(scope: MetricsExport, metric: Metric, query: MetricExport) -> Response:
    with scope.quota():
        target, known = answering.reporting(scope, query)
        computed = answering.compute(scope, metric, query, utc_now().date(), target, known)
        return exporting.export(metric, computed, query.format)


for _family in FAMILIES:
    _add(_family)
