"""Open failures of the marts become actions of the API: once, noted, and only where no flow is."""

from datetime import UTC, datetime, timedelta

import httpx
import polars as pl
import pytest
from obstore.store import MemoryStore
from pydantic import SecretStr

from assets.recovery import act_for_all
from assets.recovery_acting import act_on
from core.connections import ConnectionStore
from core.database import Database
from core.errors import EngineUnavailableError
from core.secrets import SecretBox
from core.tenancy import new_id
from ml.propensity.model import from_artifact
from ml.propensity.training import train_shared
from recovery.engine.episode import Episode
from recovery.store import episodes
from tests.serving.conftest import create_streaming_table, create_table

NOW = datetime(2026, 3, 9, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def model():
    trained = train_shared(pl.DataFrame(), pl.DataFrame())
    return from_artifact(trained.artifact.content, trained.artifact.sha256)


@pytest.fixture
def connection(workspace, warehouse):
    create_table(
        warehouse, "marts/recovery/fct_recovery_episodes",
        "workspace_id, connection_id, episode_id",
    )  # fmt: skip
    create_streaming_table(warehouse, "unified.customers")
    box = SecretBox.from_keys(workspace.settings.required("encryption_keys"))
    made = ConnectionStore(workspace.database, box).connect(
        workspace.tenant, provider="stripe", name="A", provider_account_id=new_id("acct"),
        api_url="http://127.0.0.1:9", credentials={"api_key": "sk_test"},
    )  # fmt: skip
    answer = workspace.api.put(
        f"/v1/recovery/settings/{made.id}", headers=workspace.headers(),
        json={"is_enabled": True, "owner": "oppulence"},
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    return made


def fails(workspace, warehouse, connection, invoice, *, code, is_retriable=True, flow_id=None):
    """Open an episode, and put its failure into the marts."""
    opened = Episode(
        workspace_id=str(workspace.tenant), id=f"ep_{invoice}_{workspace.tenant.value[3:9]}",
        connection_id=connection.id, subject_kind="invoice", subject_id=invoice, cause="renewal",
        customer_id="cus_1", subscription_id="", amount_minor=4900, currency="EUR", facts={},
        flow_id=flow_id, flow_version=flow_id and 1, step="", state="running",
        opened_at=NOW - timedelta(days=3),
    )  # fmt: skip
    with workspace.database.tenant(workspace.tenant) as rows:
        assert episodes.open_episode(rows, opened)
    row = {
        "workspace_id": str(workspace.tenant), "connection_id": connection.id,
        "episode_id": invoice, "outcome": "open", "amount_minor": 4900, "currency": "EUR",
        "country": "FR", "customer_id": "cus_1", "is_retriable": is_retriable, "attempts_made": 1,
        "last_decline_code": code, "last_failed_at": NOW - timedelta(days=2),
        "opened_at": NOW - timedelta(days=3), "version": 1,
    }  # fmt: skip
    warehouse.insert_rows("marts.fct_recovery_episodes", [list(row.values())], list(row))
    return opened.id


def test_open_failures_become_actions_once(workspace, warehouse, connection, model):
    likely = fails(workspace, warehouse, connection, "in_1", code="insufficient_funds")
    unlikely = fails(workspace, warehouse, connection, "in_2", code="expired_card")
    firm = fails(workspace, warehouse, connection, "in_3", code="lost_card", is_retriable=False)
    fails(workspace, warehouse, connection, "in_4", code="insufficient_funds", flow_id="flow_x")
    key = workspace.issue(name="Dagster", scopes=frozenset({"recovery:read", "recovery:write"}))
    with httpx.Client(base_url=workspace.api.base_url, headers=workspace.headers(key)) as api:
        told = act_on(warehouse, workspace.tenant, model, api, NOW)
        assert told == {"retry": 1, "send": 2}
        # A second run finds the messages asked for, and the try under its key.
        assert act_on(warehouse, workspace.tenant, model, api, NOW) == {
            "repeated": 1, "left alone": 2,
        }  # fmt: skip
    with workspace.database.tenant(workspace.tenant) as rows:
        asked = rows.execute(
            "select episode_id, kind, state, content ->> 'template' as template"
            " from recovery_actions order by episode_id"
        ).fetchall()
    assert [tuple(row.values()) for row in asked] == [
        (likely, "retry", "ready", None),
        (unlikely, "message", "ready", "update_method"),
        (firm, "message", "ready", "update_method"),
    ]
    noted = [entry for entry in workspace.get("/v1/audit_log").json()["data"]
             if entry["action"].startswith("recovery_episode.")]  # fmt: skip
    assert sorted(entry["action"] for entry in noted) == [
        "recovery_episode.retry", "recovery_episode.send", "recovery_episode.send",
    ]  # fmt: skip


def test_without_a_model_nothing_is_tried(workspace, warehouse, connection):
    fails(workspace, warehouse, connection, "in_1", code="insufficient_funds")
    with httpx.Client(base_url=workspace.api.base_url, headers=workspace.headers()) as api:
        assert act_on(warehouse, workspace.tenant, None, api, NOW) == {"left alone": 1}


def test_a_key_that_may_not_is_told(workspace, warehouse, connection, model):
    fails(workspace, warehouse, connection, "in_1", code="insufficient_funds")
    key = workspace.issue(scopes=frozenset({"transactions:read"}))
    with (
        httpx.Client(base_url=workspace.api.base_url, headers=workspace.headers(key)) as api,
        pytest.raises(EngineUnavailableError, match="403"),
    ):
        act_on(warehouse, workspace.tenant, model, api, NOW)


def test_a_workspace_that_is_refused_keeps_no_other_waiting(workspace, warehouse, connection):
    fails(workspace, warehouse, connection, "in_1", code="insufficient_funds")
    keys = f"ws_refused=opk_live_none,{workspace.tenant}={workspace.key}"
    settings = workspace.settings.model_copy(
        update={"recovery_api_keys": SecretStr(keys), "public_url": str(workspace.api.base_url)}
    )
    system = Database.connect(settings, role="system", size=1)
    try:
        with pytest.raises(EngineUnavailableError, match="1 of 2 workspaces failed") as refused:
            act_for_all(settings, warehouse, system, MemoryStore())
    finally:
        system.close()
    assert "ws_refused: The API answered 401" in str(refused.value)
    assert "opk_live_none" not in str(refused.value)
