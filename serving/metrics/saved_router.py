"""How are saved metrics read? Listed, by name, or exported: of billing, and of recovery."""

from collections.abc import Mapping
from typing import Annotated

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


@router.get(
    f"{BILLING}/{{name}}",
    summary="Get a saved metric",
    operation_id="get_metric",
    response_model=MetricAnswer,
    responses=NOT_MODIFIED | problems(NotFoundError),
)
def get_metric(
    scope: MetricsRead, name: BillingName, query: Annotated[MetricPage, Query()]
) -> Response:
    """Show a metric by interval, currency and cut; amounts are exact, and apart by currency."""
    metric = answering.find(billing.METRICS, name, scope)
    return answering.answer(scope, metric, query, utc_now().date())


@router.get(
    f"{RECOVERY}/{{name}}",
    summary="Get a saved metric of recovery",
    operation_id="get_recovery_metric",
    response_model=MetricAnswer,
    responses=NOT_MODIFIED | problems(NotFoundError),
)
def get_recovery_metric(
    scope: MetricsRead, name: RecoveryName, query: Annotated[MetricPage, Query()]
) -> Response:
    """Show a metric of failed payments by interval, currency and cut."""
    metric = answering.find(recovery.METRICS, name, scope)
    return answering.answer(scope, metric, query, utc_now().date())


@router.get(
    f"{BILLING}/{{name}}/export",
    summary="Export a saved metric",
    operation_id="export_metric",
    response_class=Response,
    responses=ANSWERS | problems(NotFoundError),
)
def export_metric(
    scope: MetricsExport, name: BillingName, query: Annotated[MetricExport, Query()]
) -> Response:
    """Send every point of a metric, as CSV or Parquet."""
    return _exported(scope, answering.find(billing.METRICS, name, scope), query)


@router.get(
    f"{RECOVERY}/{{name}}/export",
    summary="Export a saved metric of recovery",
    operation_id="export_recovery_metric",
    response_class=Response,
    responses=ANSWERS | problems(NotFoundError),
)
def export_recovery_metric(
    scope: MetricsExport, name: RecoveryName, query: Annotated[MetricExport, Query()]
) -> Response:
    """Send every point of a metric of failed payments, as CSV or Parquet."""
    return _exported(scope, answering.find(recovery.METRICS, name, scope), query)


def _exported(scope: MetricsExport, metric: Metric, query: MetricExport) -> Response:
    target, known = answering.reporting(scope, query)
    computed = answering.compute(scope, metric, query, utc_now().date(), target, known)
    return exporting.export(metric, computed, query.format)
