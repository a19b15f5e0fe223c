"""An experiment over the API: drawn customers, cash that settled in time, a verdict that waits."""

from datetime import timedelta

import pytest
from psycopg.types.json import Jsonb

from core.clock import utc_now
from core.connections import ConnectionStore
from core.secrets import SecretBox
from core.tenancy import new_id
from recovery.flows.document import document_of
from tests.recovery.flow_documents import END, steps
from tests.serving.conftest import create_table

ARMS = [
    {"name": "ours", "share": 50, "next": "over"},
    {"name": "alone", "share": 50, "holdout": True, "next": "over"},
]
# Of the first 30 of ours and 6 of the holdout another card came on the second day; of five more of
# ours on the 31st, which counts for nobody.
GOALS = [{"name": "card", "title": "Another card",
          "reached": {"kind": "event", "event": "payment_method_updated"}}]  # fmt: skip
CARDS = {"ours": 30, "alone": 6}
ENTERED = utc_now() - timedelta(days=60)


@pytest.fixture
def experiment(workspace, warehouse):
    """Sixty customers an arm: 45 of ours and 20 of the holdout settle 49.00 in time."""
    create_table(
        warehouse, "marts/recovery/fct_recovery_episodes",
        "workspace_id, connection_id, episode_id",
    )  # fmt: skip
    box = SecretBox.from_keys(workspace.settings.required("encryption_keys"))
    connection = ConnectionStore(workspace.database, box).connect(
        workspace.tenant, provider="stripe", name="A", provider_account_id=new_id("acct"),
        api_url="http://127.0.0.1:9", credentials={"api_key": "sk_test"},
    )  # fmt: skip
    flow = steps("first", first={"kind": "split", "experiment": "proof", "arms": ARMS}, over=END)
    document = {**document_of(flow), "goals": GOALS}
    tenant, now = str(workspace.tenant), utc_now()
    with workspace.database.tenant(workspace.tenant) as rows:
        rows.execute(
            "insert into recovery_flows (workspace_id, id, name, state, rank, draft, live_version,"
            " last_version, created_at, updated_at) values (%s, 'flow_1', 'Soft', 'live', 1, %s, 1,"
            " 1, %s, %s)",
            [tenant, Jsonb(document), now, now],
        )
        rows.execute(
            "insert into recovery_flow_versions (workspace_id, flow_id, version, document,"
            " published_at, published_by) values (%s, 'flow_1', 1, %s, %s, 'a test')",
            [tenant, Jsonb(document), now],
        )
        for arm, recovered in (("ours", 45), ("alone", 20)):
            for number in range(60):
                _draw(rows, tenant, connection.id, arm, number)
                settled = ENTERED + timedelta(days=3 if number < recovered else 31)
                _settle(warehouse, tenant, connection.id, f"in_{arm}_{number}", settled)
    _settle(warehouse, "ws_other", connection.id, "in_alone_59", ENTERED)
    return "proof"


def _draw(rows, tenant, connection_id, arm, number) -> None:
    days = 2 if number < CARDS[arm] else 31 if number < CARDS[arm] + 5 and arm == "ours" else None
    at = None if days is None else (ENTERED + timedelta(days=days)).isoformat()
    memory = Jsonb({} if at is None else {"goals": {"card": {"at": at, "step": "over"}}})
    values = [tenant, f"ep_{arm}_{number}", connection_id, f"in_{arm}_{number}", ENTERED, ENTERED,
              memory]  # fmt: skip
    rows.execute(
        "insert into recovery_episodes (workspace_id, id, connection_id, subject_kind, subject_id,"
        " cause, customer_id, amount_minor, currency, facts, state, revision, opened_at,"
        " updated_at, memory) values (%s, %s, %s, 'invoice', %s, 'renewal', 'cus', 4900, 'EUR',"
        " '{}', 'ended', 1, %s, %s, %s)",
        values,
    )
    rows.execute(
        "insert into recovery_assignments (workspace_id, connection_id, experiment, unit, arm,"
        " is_holdout, stratum, episode_id, assigned_at)"
        " values (%s, %s, 'proof', %s, %s, %s, 'renewal|soft', %s, %s)",
        [tenant, connection_id, f"cus_{arm}_{number}", arm, arm == "alone",
         f"ep_{arm}_{number}", ENTERED],
    )  # fmt: skip


def _settle(warehouse, tenant, connection_id, episode_id, settled_at) -> None:
    warehouse.command(
        "insert into marts.fct_recovery_episodes (workspace_id, connection_id, episode_id,"
        " currency, outcome, collected_minor, settled_at, version, is_deleted) values"
        f" ('{tenant}', '{connection_id}', '{episode_id}', 'EUR', 'recovered', 4900,"
        f" '{settled_at:%Y-%m-%d %H:%M:%S}', 1, 0)"
    )


def test_an_experiment_tells_what_settled_in_time(workspace, experiment) -> None:
    listed = workspace.api.get("/v1/recovery/experiments", headers=workspace.headers()).json()
    [summary] = listed["data"]
    assert (summary["name"], summary["holdout"]) == ("proof", "alone")
    assert summary["shares"] == {"ours": 50, "alone": 50}
    assert summary["assigned"] == {"ours": 60, "alone": 60}

    found = workspace.api.get(
        f"/v1/recovery/experiments/{experiment}", headers=workspace.headers()
    ).json()
    assert (found["matured"], found["maturity_days"]) == (120, 30)
    assert {check["name"]: check["passed"] for check in found["checks"]} == {
        "sample_ratio": True, "balance": True,
    }  # fmt: skip
    [ours] = found["comparisons"]
    assert ours["arm"] == "ours"
    # What settled on the 31st day counts for nobody: 45 and 20 of 60.
    assert ours["treated"] == {"units": 60, "recovered": 45, "rate": 0.75}
    assert ours["control"] == {"units": 60, "recovered": 20, "rate": 0.3333}
    # Newcombe: Wilson gives 0.6277 to 0.8422 and 0.2272 to 0.4593; 0.4167 - 0.1757, + 0.1405.
    assert ours["single_look"] == {"estimate": 0.4167, "lower": 0.241, "upper": 0.5572}
    [cash] = ours["cash"]
    assert (cash["currency"], cash["treated_minor"], cash["control_minor"]) == (
        "EUR", 45 * 4900, 20 * 4900,
    )  # fmt: skip
    assert cash["lift_minor"] is None, "sixty customers say too little of cash"
    assert found["goals"] == {"card": "Another card"}
    # Wilson gives 0.3773 to 0.6227 and 0.0466 to 0.2015: 0.4 - 0.1592 and + 0.1338.
    assert ours["goals"] == [
        {
            "goal": "card", "treated": {"units": 60, "recovered": 30, "rate": 0.5},
            "control": {"units": 60, "recovered": 6, "rate": 0.1},
            "difference": {"estimate": 0.4, "lower": 0.2408, "upper": 0.5338},
        }
    ]  # fmt: skip


def test_what_the_marts_do_not_have_is_not_known_and_an_unpaid_invoice_is(
    workspace, warehouse, experiment
) -> None:
    """Four more of ours: one nowhere, one open, one sent and paid in time, one just paid."""
    path = f"/v1/recovery/experiments/{experiment}"
    with workspace.database.tenant(workspace.tenant) as rows:
        (connection,) = rows.execute("select id from connections").fetchall()
        for number in range(60, 64):
            _draw(rows, str(workspace.tenant), connection["id"], "ours", number)
    for number, status, method in ((61, "open", "charge_automatically"),
                                   (62, "paid", "send_invoice"),
                                   (63, "paid", "charge_automatically")):  # fmt: skip
        warehouse.insert_rows(
            "unified.invoices",
            [[str(workspace.tenant), connection["id"], f"in_ours_{number}", status, method,
              4900 if status == "paid" else 0,
              ENTERED + timedelta(days=4) if status == "paid" else None, 1, 0]],
            ["workspace_id", "connection_id", "id", "status", "collection_method",
             "amount_paid_minor", "paid_at", "version", "is_deleted"],
        )  # fmt: skip
    found = workspace.api.get(path, headers=workspace.headers()).json()
    # The marts will tell of the one that was collected; nothing tells of the first.
    assert (found["matured"], found["unknown"]) == (122, 2)
    [ours] = found["comparisons"]
    assert ours["treated"] == {"units": 62, "recovered": 46, "rate": 0.7419}
    assert ours["cash"][0]["treated_minor"] == 46 * 4900
    assert (ours["verdict"], ours["reason"]) == (
        "not_yet",
        "What settled is not known yet of 2 of 124 customers whose 30 days are over.",
    )


def test_an_experiment_that_no_flow_has_is_not_found(workspace) -> None:
    answer = workspace.api.get("/v1/recovery/experiments/none", headers=workspace.headers())
    assert answer.status_code == 404
