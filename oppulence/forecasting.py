"""Who tells recovery how likely a try is? Registered models, a workspace's own before the shared.

A model that cannot be read costs its forecast alone: tries keep their schedule, and say so. Models
are looked up again every few minutes; everything heavy is loaded when a flow first asks.
"""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from obstore.exceptions import BaseError

from core.database import Database
from core.errors import OppulenceError
from core.logs import get_logger
from core.objects import connect_objects
from core.settings import Settings
from recovery.engine.clocks import zone_named
from recovery.flows.facts import Facts
from recovery.forecasting import Forecast, Forecaster

if TYPE_CHECKING:
    from ml.propensity.model import PropensityModel

KEPT_SECONDS = 300.0
log = get_logger("recovery")


class Forecasting:
    """Forecasters by workspace; threads may share it."""

    def __init__(self, settings: Settings, database: Database) -> None:
        """Read registrations through `database` (system role)."""
        self._settings, self._database = settings, database
        self._models: Any = None
        self._kept: dict[str, tuple[float, PropensityModel | None]] = {}

    def __call__(self, workspace_id: str) -> Forecaster:
        """Return who answers for a workspace."""
        return lambda facts, moments: self._forecast(workspace_id, facts, moments)

    def _forecast(
        self, workspace_id: str, facts: Facts, moments: Sequence[datetime]
    ) -> Forecast | None:
        model = self._model(workspace_id)
        return None if model is None else forecast(model, facts, moments)

    def _model(self, workspace_id: str) -> "PropensityModel | None":
        known = self._kept.get(workspace_id)
        if known is not None and time.monotonic() - known[0] < KEPT_SECONDS:
            return known[1]
        try:
            found = self._read(workspace_id)
        except (OppulenceError, BaseError, OSError) as error:
            log.warning("no forecast", workspace=workspace_id, reason=type(error).__name__)
            found = None
        self._kept[workspace_id] = time.monotonic(), found
        return found

    def _read(self, workspace_id: str) -> "PropensityModel | None":
        from ml.store import OpenModels, champions  # scikit-learn: only where a flow asks

        if self._models is None:
            self._models = OpenModels(connect_objects(self._settings))
        with self._database.system() as rows:
            registered = champions(rows, workspace_id).get("propensity")
        if registered is None:
            return None
        model: PropensityModel = self._models.opened({"propensity": registered})["propensity"]
        return model


def forecast(model: "PropensityModel", facts: Facts, moments: Sequence[datetime]) -> Forecast:
    """Ask a model about one payment at several moments."""
    import polars as pl

    from ml.propensity.tries import COLUMNS, zone_of_country

    country = str(facts.get("card_country") or facts.get("country") or "")
    zone = zone_named(str(facts.get("timezone") or "")) or zone_of_country(country) or UTC
    since = facts.get("customer_since")
    asked = {
        "provider": "stripe", "decline_code": facts.get("decline_code"),
        "attempt_number": int(facts.get("attempts") or 1) + 1,  # type: ignore[arg-type]
        "amount_minor": facts.get("amount"), "currency": facts.get("currency"), "country": country,
        "customer_since": datetime.fromtimestamp(since, UTC) if isinstance(since, int) else None,
        "is_paid": None,
    }  # fmt: skip
    tries = pl.DataFrame([{**asked, "attempted_at": at} for at in moments], schema=COLUMNS)
    chances = model.chances(tries, [at.astimezone(zone) for at in moments])
    permille = tuple(round(float(chance) * 1000) for chance in chances)
    return Forecast(permille, model.version, model.is_timed)
