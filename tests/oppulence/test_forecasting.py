"""Does recovery hear what the registered model says, and nothing where there is none?"""

from datetime import UTC, datetime

import polars as pl
import pytest

from core.database import Database
from core.objects import connect_objects
from core.settings import Settings
from core.tenancy import TenantId, new_id
from ml.propensity import SCORER
from ml.propensity.model import from_artifact
from ml.propensity.training import train_shared
from ml.propensity.tries import COLUMNS
from ml.store import register
from oppulence.forecasting import Forecasting
from oppulence.workspaces import ensure_workspace

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
SINCE = datetime(2025, 3, 2, tzinfo=UTC)
FACTS = {
    "decline_code": "insufficient_funds", "decline_class": "soft", "attempts": 1, "amount": 4900,
    "currency": "EUR", "country": "FR", "customer_since": int(SINCE.timestamp()),
}  # fmt: skip


@pytest.fixture
def system(postgres: Settings):
    database = Database.connect(postgres, role="system", size=1)
    yield database
    database.close()


def workspace(postgres: Settings) -> TenantId:
    tenant = TenantId(new_id("ws"))
    application = Database.connect(postgres, size=1)
    ensure_workspace(application, tenant)
    application.close()
    return tenant


def test_a_workspaces_model_answers_for_it_alone(postgres, system, tmp_path):
    settings = postgres.model_copy(update={"data_dir": tmp_path})
    mine, other = workspace(postgres), workspace(postgres)
    trained = train_shared(pl.DataFrame(), pl.DataFrame())
    with system.system() as rows:
        register(rows, connect_objects(settings), SCORER, str(mine), trained, now=AT)
    forecasting = Forecasting(settings, system)
    found = forecasting(str(mine))(FACTS, [AT, AT])
    assert found is not None
    model = from_artifact(trained.artifact.content, trained.artifact.sha256)
    asked = ("stripe", "insufficient_funds", 2, 4900, "EUR", "FR", SINCE, AT, None)
    chance = model.chances(pl.DataFrame([asked], schema=COLUMNS, orient="row"))[0]
    assert found.chances == (round(chance * 1000),) * 2
    assert (found.model, found.knows_hours) == (trained.version, False)
    assert 300 < found.chances[0] < 400  # the sandbox's own chance of it is 0.34
    assert forecasting(str(other))(FACTS, [AT]) is None


def test_a_model_whose_bytes_are_gone_costs_the_forecast_alone(postgres, system, tmp_path):
    settings = postgres.model_copy(update={"data_dir": tmp_path})
    tenant = workspace(postgres)
    trained = train_shared(pl.DataFrame(), pl.DataFrame())
    elsewhere = postgres.model_copy(update={"data_dir": tmp_path / "elsewhere"})
    with system.system() as rows:
        register(rows, connect_objects(elsewhere), SCORER, str(tenant), trained, now=AT)
    assert Forecasting(settings, system)(str(tenant))(FACTS, [AT]) is None
