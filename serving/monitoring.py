"""How is the platform watched? `GET /metrics`, in Prometheus's form, for the operator alone.

This process's own counters of webhooks, and the figures that the worker keeps in Postgres. No label
names a tenant. Answered to this machine, or to whoever sends `OPPULENCE_METRICS_TOKEN`; others are
told that there is no such path.
"""

import hmac
from collections.abc import Iterator
from ipaddress import ip_address

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.exceptions import HTTPException

from core.settings import Settings
from serving.engines import Engines
from serving.webhooks.figures import Figures

router = APIRouter(tags=["health"])

_HELP = {
    "webhooks_received_total": "Deliveries that arrived whole, by provider",
    "webhooks_refused_total": "Deliveries that were not taken, by reason",
    "webhooks_parked_total": "Deliveries kept until their connection is known",
    "webhooks_committed_total": "Deliveries committed that had not come before",
    "webhooks_repeated_total": "Deliveries that had come before",
    "webhook_groups_committed_total": "Commits that deliveries shared",
    "inbox_applied_total": "Entries that a store has applied",
    "inbox_pending": "Entries that a store has not applied yet",
    "inbox_lag_seconds": "Age of the oldest entry that a store has not applied",
    "inbox_retries": "Entries and objects that are tried again, by stage",
    "inbox_dead_letters": "Entries and objects that were given up, by stage",
    "inbox_parked": "Deliveries whose connection is unknown",
}
_LABELS = {
    "webhooks_received_total": "provider",
    "webhooks_refused_total": "reason",
    "inbox_retries": "stage",
    "inbox_dead_letters": "stage",
    "inbox_applied_total": "store",
    "inbox_pending": "store",
    "inbox_lag_seconds": "store",
}


class _Figures(Collector):
    def __init__(self, found: dict[tuple[str, str], float]) -> None:
        self.found = found

    def collect(self) -> Iterator[Metric]:
        """Yield a family per name."""
        for name in sorted({name for name, _ in self.found}):
            labels = [_LABELS[name]] if name in _LABELS else []
            make = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
            family = make(f"oppulence_{name}", _HELP.get(name, name), labels=labels)
            for (found, label), value in sorted(self.found.items()):
                if found == name:
                    family.add_metric([label] if labels else [], value)
            yield family


@router.get("/metrics", include_in_schema=False)
def metrics(request: Request) -> Response:
    """Show the platform's figures."""
    engines: Engines = request.state.engines
    if not is_operator(request, engines.settings):
        raise HTTPException(404)
    own: Figures = request.state.deliveries.figures
    found: dict[tuple[str, str], float] = {key: float(n) for key, n in own.counts.items()}
    with engines.database.system() as rows:
        for row in rows.execute("select name, label, value from engine_figures"):
            found[row["name"], row["label"]] = row["value"]
    registry = CollectorRegistry()
    registry.register(_Figures(found))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def is_operator(request: Request, settings: Settings) -> bool:
    """Say whether a request comes from whoever runs the platform: this machine, or its token."""
    if settings.metrics_token is not None:
        expected = f"Bearer {settings.metrics_token.get_secret_value()}"
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), expected.encode())
    try:
        # The server has put the sender's own address here if a proxy on this machine told it.
        return request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:
        return False
