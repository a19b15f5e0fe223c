"""The API of recovery: flows drafted, published, taken back; episodes steered; owners settled."""

from datetime import timedelta

import pytest
from psycopg.types.json import Jsonb

from core.clock import utc_now
from core.connections import ConnectionStore
from core.secrets import SecretBox
from core.tenancy import new_id
from recovery.engine.episode import Episode
from recovery.flows.document import document_of, flow_of, flow_schema
from recovery.flows.library import library
from recovery.store import episodes
from tests.recovery.flow_documents import END, document, steps
from tests.serving.conftest import create_table


@pytest.fixture
def post(workspace):
    def send(path, body, **headers):
        return workspace.api.post(
            f"/v1/recovery/{path}", json=body, headers=workspace.headers() | headers
        )

    return send


@pytest.fixture
def connection(workspace):
    box = SecretBox.from_keys(workspace.settings.required("encryption_keys"))
    return ConnectionStore(workspace.database, box).connect(
        workspace.tenant, provider="stripe", name="A", provider_account_id=new_id("acct"),
        api_url="http://127.0.0.1:9", credentials={"api_key": "sk_test"},
    )  # fmt: skip


@pytest.fixture
def settled(workspace, connection):
    answer = workspace.api.put(
        f"/v1/recovery/settings/{connection.id}", headers=workspace.headers(),
        json={"is_enabled": True, "owner": "oppulence", "timezone": "Europe/Berlin"},
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def episode(workspace, connection, settled):
    opened = Episode(
        workspace_id=str(workspace.tenant), id=new_id("ep"), connection_id=connection.id,
        subject_kind="invoice", subject_id="in_1", cause="renewal", customer_id="cus_1",
        subscription_id="sub_1", amount_minor=500, currency="JPY", facts={"plans": ("pro",)},
        flow_id=None, flow_version=None, step="", state="running", opened_at=utc_now(),
    )  # fmt: skip
    with workspace.database.tenant(workspace.tenant) as rows:
        assert episodes.open_episode(rows, opened)
        assert not episodes.open_episode(rows, opened), "one episode per invoice"
    return opened.id


def test_a_flow_is_drafted_published_changed_and_taken_back(workspace, post):
    made = post("flows", {"document": document()})
    assert made.status_code == 201, made.text
    flow_id = made.json()["id"]
    assert (made.json()["state"], made.json()["live_version"], made.json()["findings"]) == (
        "draft", None, [],
    )  # fmt: skip
    change = f"flows/{flow_id}/changes"
    assert post(change, {"do": "resume"}).json()["code"] == "conflict"
    # A second click on the same draft publishes nothing anew.
    for _ in range(2):
        published = post(change, {"do": "publish"}).json()
        assert (published["live_version"], published["last_version"]) == (1, 1)
    renamed = document(name="Renewals, again")
    saved = workspace.api.put(
        f"/v1/recovery/flows/{flow_id}", json={"document": renamed}, headers=workspace.headers()
    )
    assert (saved.json()["name"], saved.json()["live_version"]) == ("Renewals, again", 1)
    assert post(change, {"do": "publish"}).json()["live_version"] == 2
    back = post(change, {"do": "rollback", "version": 1}).json()
    assert (back["state"], back["live_version"], back["last_version"]) == ("live", 1, 2)
    assert post(change, {"do": "rollback", "version": 7}).status_code == 409
    assert post(change, {"do": "rollback"}).status_code == 422
    assert post(change, {"do": "publish"}).json()["live_version"] == 3
    assert post(change, {"do": "pause"}).json()["state"] == "paused"
    versions = workspace.get(f"/v1/recovery/flows/{flow_id}/versions").json()["data"]
    assert [(one["version"], one["document"]["name"]) for one in versions] == [
        (3, "Renewals, again"), (2, "Renewals, again"), (1, "Renewals"),
    ]  # fmt: skip
    actions = [entry["action"] for entry in workspace.get("/v1/audit_log").json()["data"]]
    assert actions[:3] == [
        "recovery_flow.pause", "recovery_flow.publish", "recovery_flow.rollback",
    ]  # fmt: skip


def test_a_faulty_draft_is_kept_and_not_published(post):
    faulty = document_of(steps(first={"kind": "task", "instruction": "x", "next": "first"}))
    made = post("flows", {"document": faulty}).json()
    assert [one["code"] for one in made["findings"]] == ["loop_without_wait"]
    refused = post(f"flows/{made['id']}/changes", {"do": "publish"})
    assert (refused.status_code, refused.json()["code"]) == (409, "flow_faulty")
    said = post("flow_validations", {"document": faulty}).json()
    assert (said["is_publishable"], said["findings"]) == (False, made["findings"])


def test_what_is_no_document_is_told_by_field(post):
    answer = post("flows", {"document": document(start="Not a step")})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("start: ")
    held = post("flows", {"document": document(name="a\0b")})
    assert (held.status_code, held.json()["detail"]) == (422, "Value error, a text holds a NUL")
    assert post("flows", {"document": document(name="  ")}).status_code == 422
    assert post("flows", {}).status_code == 422
    assert post("flows", {"library": "nothing_like_it"}).status_code == 404


def test_the_builder_finds_schema_facts_and_library(workspace):
    schema = workspace.get("/v1/recovery/flow_schema").json()["json_schema"]
    assert schema == flow_schema()
    ready = workspace.get("/v1/recovery/flow_library").json()["data"]
    read = {one["name"]: flow_of(one["document"]) for one in ready}
    assert read == library()
    assert len(read) >= 5
    facts = {one["name"]: one for one in workspace.get("/v1/recovery/facts").json()["data"]}
    assert facts["decline_class"]["values"] == ["soft", "hard", "action_needed", "none"]


def test_a_connection_is_settled_and_says_so(workspace, connection, settled):
    assert (settled["owner"], settled["timezone"], settled["swept_at"]) == (
        "oppulence", "Europe/Berlin", None,
    )  # fmt: skip
    assert workspace.get("/v1/recovery/settings").json()["data"] == [settled]
    for body, status in [({"is_enabled": True, "timezone": "Mars/Olympus"}, 422), ({}, 422)]:
        answer = workspace.api.put(
            f"/v1/recovery/settings/{connection.id}", json=body, headers=workspace.headers()
        )
        assert answer.status_code == status
    missing = workspace.api.put(
        "/v1/recovery/settings/conn_none", json={"is_enabled": True}, headers=workspace.headers()
    )
    assert missing.status_code == 404


def test_an_episode_is_paused_resumed_and_closed_by_hand(workspace, post, episode):
    path = f"episodes/{episode}/actions"
    paused = post(path, {"do": "pause"})
    assert (paused.status_code, paused.json()["state"]) == (202, "paused")
    assert post(path, {"do": "pause"}).status_code == 409
    assert post(path, {"do": "resume"}).json()["state"] == "running"
    closed = post(path, {"do": "close"}).json()
    assert (closed["state"], closed["outcome"]) == ("ended", "closed")
    assert [step["kind"] for step in closed["steps"]] == [
        "opened", "paused", "resumed", "ended",
    ]  # fmt: skip
    for do in ("retry", "send", "close"):
        assert post(path, {"do": do, "template": "reminder"}).status_code == 409
    assert (closed["amount"], closed["amount_minor"], closed["currency"]) == ("500", 500, "JPY")
    assert closed["facts"] == {"plans": ["pro"]}


def test_a_try_by_hand_waits_for_the_worker_once(post, episode):
    path = f"episodes/{episode}/actions"
    asked = post(path, {"do": "retry"}, **{"Idempotency-Key": "once"}).json()
    assert [(one["kind"], one["state"], one["is_manual"]) for one in asked["actions"]] == [
        ("retry", "ready", True)
    ]
    again = post(path, {"do": "retry"}, **{"Idempotency-Key": "once"})
    assert (again.headers["Idempotency-Replayed"], again.json()) == ("true", asked)
    assert post(path, {"do": "retry"}).json()["code"] == "conflict"
    assert post(path, {"do": "send"}).status_code == 422


def test_episodes_are_listed_newest_first_and_counted(workspace, connection, episode):
    with workspace.database.tenant(workspace.tenant) as rows:
        rows.execute(
            "insert into recovery_episodes (workspace_id, id, connection_id, subject_kind,"
            " subject_id, cause, customer_id, amount_minor, currency, facts, state, outcome,"
            " recovered_minor, recovered_by, revision, opened_at, updated_at)"
            " select workspace_id, 'ep_older', connection_id, subject_kind, 'in_0', cause,"
            " customer_id, 700, currency, %s, 'ended', 'recovered', 700, 'retry', 1, %s, %s"
            " from recovery_episodes where id = %s",
            [Jsonb({}), utc_now() - timedelta(days=1), utc_now(), episode],
        )
    listed = workspace.get("/v1/recovery/episodes", limit=1).json()
    assert [one["id"] for one in listed["data"]] == [episode]
    rest = workspace.get("/v1/recovery/episodes", limit=1, cursor=listed["next_cursor"]).json()
    assert ([one["id"] for one in rest["data"]], rest["has_more"]) == (["ep_older"], False)
    ended = workspace.get("/v1/recovery/episodes", outcome="recovered").json()["data"]
    assert [(one["id"], one["recovered"]) for one in ended] == [("ep_older", "700")]
    assert workspace.get("/v1/recovery/metrics").json()["data"] == [
        {
            "currency": "JPY", "at_risk_minor": 500, "recovered_minor": 700,
            "recovered_outside_minor": 0, "lost_minor": 0, "episodes_running": 1,
            "episodes_recovered": 1, "episodes_lost": 0,
        }
    ]  # fmt: skip


def test_nobody_reaches_into_another_workspace(new_workspace, episode):
    stranger = new_workspace()
    assert stranger.get(f"/v1/recovery/episodes/{episode}").status_code == 404
    assert stranger.get("/v1/recovery/episodes").json()["data"] == []
    answer = stranger.api.post(
        f"/v1/recovery/episodes/{episode}/actions", json={"do": "close"},
        headers=stranger.headers(),
    )  # fmt: skip
    assert answer.status_code == 404


def test_a_draft_is_replayed_over_this_workspaces_past_alone(workspace, new_workspace, post):
    """Ten failures, four paid by a try two days later; another workspace's are not looked at."""
    flow_id = post("flows", {"document": document()}).json()["id"]
    create_table(workspace.warehouse, "unified/payment_attempts/payment_attempts",
                 "workspace_id, connection_id, customer_id, payment_id, id")  # fmt: skip
    failed_at = utc_now() - timedelta(days=30)

    def attempts(tenant, number):
        for n in range(number):
            yield [str(tenant), f"ch_{n}", f"cus_{n}", f"pi_{n}", "failed", failed_at,
                   "insufficient_funds"]  # fmt: skip
            status = "succeeded" if n < 4 else "failed"
            code = None if n < 4 else "insufficient_funds"
            yield [str(tenant), f"ch_{n}b", f"cus_{n}", f"pi_{n}", status,
                   failed_at + timedelta(days=2), code]  # fmt: skip

    columns = ["workspace_id", "id", "customer_id", "payment_id", "status", "occurred_at",
               "decline_code"]  # fmt: skip
    same = {
        "connection_id": "conn_test", "invoice_id": "in_1", "currency": "EUR", "version": 1,
        "amount_minor": 1000, "payment_method_type": "card", "is_deleted": 0,
    }  # fmt: skip
    for tenant, number in ((workspace.tenant, 10), (new_workspace().tenant, 3)):
        rows = [[*one, *same.values()] for one in attempts(tenant, number)]
        workspace.warehouse.insert_rows("unified.payment_attempts", rows, [*columns, *same])
    answer = post(f"flows/{flow_id}/simulate", {"days": 60}).json()
    assert (answer["failures"], answer["taken"], answer["tries_learned_from"]) == (10, 10, 10)
    assert answer["actions"] == {"retry": 20, "message": 10}
    (euro,) = answer["currencies"]
    assert (euro["at_risk_minor"], euro["past_recovered_minor"]) == (10_000, 4_000)
    first = (4 + 8 * 4.5 / 12) / 18  # the tries after two days
    later = 4.5 / 12  # of the second try nothing is known but its kind's rate
    assert euro["expected_minor"] == round(10_000 * (1 - (1 - first) * (1 - later)))
    assert 0 <= euro["low_minor"] < euro["expected_minor"] < euro["high_minor"] <= 10_000
    assert {len(one["steps"]) for one in answer["episodes"]} == {3}
    at = {one["step"]: one for one in answer["steps"]}
    assert set(at) == set(document()["steps"])
    assert (at["tries"]["episodes"], at["tries"]["actions"]) == (10, 20)
    assert at["tries"]["cash"][0]["expected_minor"] == euro["expected_minor"]
    # Another document is replayed in the saved draft's place, which stays.
    other = {**document(), "start": "over"}
    told = post(f"flows/{flow_id}/simulate", {"days": 60, "document": other}).json()
    assert (told["taken"], told["actions"]) == (10, {})
    kept = workspace.get(f"/v1/recovery/flows/{flow_id}").json()
    assert kept["draft"]["start"] == document()["start"]


def test_a_simulation_goes_by_what_the_layer_knew_then_and_says_what_it_has_as_of_today(
    workspace, post
) -> None:
    """Two failures of one payer: 40.00 paid before the first, 90.00 before the second."""
    create_table(workspace.warehouse, "unified/payment_attempts/payment_attempts",
                 "workspace_id, connection_id, customer_id, payment_id, id")  # fmt: skip
    same = {"workspace_id": str(workspace.tenant), "connection_id": "conn_test", "version": 1,
            "is_deleted": 0}  # fmt: skip
    now = utc_now()

    def put(table, **row):
        whole = {**same, **row}
        workspace.warehouse.insert_rows(table, [list(whole.values())], list(whole))

    put("unified.customers", id="cus_a", country="IE")
    for payment, status, days, amount in (
        ("pi_1", "succeeded", 50, 4000), ("pi_2", "failed", 40, 1000),
        ("pi_3", "succeeded", 30, 5000), ("pi_4", "failed", 20, 1000),
    ):  # fmt: skip
        put("unified.payment_attempts", id=f"ch_{payment}", customer_id="cus_a",
            payment_id=payment, status=status, occurred_at=now - timedelta(days=days),
            currency="EUR", amount_minor=amount, amount_captured_minor=amount,
            decline_code="insufficient_funds", invoice_id="in_1",
            payment_method_type="card")  # fmt: skip
    loyal = {"fact": "payer.lifetime_paid", "op": "gte", "value": 9000, "currency": "EUR"}
    irish = {"fact": "payer.country", "op": "eq", "value": "IE"}
    asks = {"kind": "branch", "otherwise": "over", "cases": [
        {"when": {"all": [loyal, irish]}, "next": "call"}]}  # fmt: skip
    call = {"kind": "task", "instruction": "Call.", "next": "over"}
    drawn = {**document(), "start": "asks", "steps": {"asks": asks, "call": call, "over": END}}
    flow_id = post("flows", {"document": drawn}).json()["id"]
    told = post(f"flows/{flow_id}/simulate", {"days": 60}).json()
    assert (told["taken"], told["actions"]) == (2, {"task": 1})
    done = {one["payment_id"]: [step["step"] for step in one["steps"]] for one in told["episodes"]}
    assert done == {"pi_2": [], "pi_4": ["call"]}
    assert told["known_then"] == ["payer.lifetime_paid"]
    assert told["known_today"] == ["payer.country"]
    # The trigger is asked the same.
    taking = {**drawn, "trigger": {**drawn["trigger"], "when": loyal}}
    told = post(f"flows/{flow_id}/simulate", {"days": 60, "document": taking}).json()
    assert (told["failures"], told["taken"]) == (2, 1)


def test_a_past_charge_that_names_no_invoice_is_of_the_one_that_names_its_payment(
    workspace, post
) -> None:
    """Stripe's charges name none since 2025-03-31: a renewal was taken for a payment of none."""
    create_table(workspace.warehouse, "unified/payment_attempts/payment_attempts",
                 "workspace_id, connection_id, customer_id, payment_id, id")  # fmt: skip
    same = {"workspace_id": str(workspace.tenant), "connection_id": "conn_test", "version": 1,
            "is_deleted": 0}  # fmt: skip
    reasons = {"pi_1": "subscription_cycle", "pi_2": "subscription_create", "pi_3": "manual",
               "pi_4": None}  # fmt: skip
    for payment, reason in reasons.items():
        attempt = {**same, "id": f"ch_{payment}", "customer_id": "cus_a", "payment_id": payment,
                   "status": "failed", "occurred_at": utc_now() - timedelta(days=9),
                   "currency": "EUR", "amount_minor": 100,
                   "decline_code": "insufficient_funds"}  # fmt: skip
        workspace.warehouse.insert_rows(
            "unified.payment_attempts", [list(attempt.values())], list(attempt)
        )
        if reason is not None:
            invoice = {**same, "id": f"in_{payment}", "payment_id": payment,
                       "billing_reason": reason}  # fmt: skip
            workspace.warehouse.insert_rows(
                "unified.invoices", [list(invoice.values())], list(invoice)
            )

    def taken(*causes: str) -> set[str]:
        drawn = {**document(), "trigger": {"causes": list(causes)}, "start": "write"}
        flow_id = post("flows", {"document": drawn}).json()["id"]
        told = post(f"flows/{flow_id}/simulate", {"days": 60}).json()
        return {one["payment_id"] for one in told["episodes"]}

    assert taken("renewal") == {"pi_1"}
    assert taken("first_payment") == {"pi_2"}
    assert taken("one_off") == {"pi_3", "pi_4"}


def test_the_facts_are_told_with_their_group_type_and_operators(workspace) -> None:
    found = workspace.get("/v1/recovery/facts").json()["data"]
    by_name = {one["name"]: one for one in found}
    assert len(by_name) == len(found)
    assert by_name["books.days_past_due"] == {
        "name": "books.days_past_due", "group": "Your books (QuickBooks, Xero)", "type": "integer",
        "says": "Days since the oldest of those was due; negative before it is", "values": [],
        "operators": ["eq", "ne", "lt", "lte", "gt", "gte", "known"], "is_dated": True,
    }  # fmt: skip
    assert by_name["unified.invoices.amount_due_minor"]["type"] == "money"
    assert by_name["unified.subscriptions.cancel_at"]["type"] == "date"
    groups = dict.fromkeys(one["group"] for one in found)
    assert list(groups)[:6] == [
        "This payment", "The payer", "Their subscription", "Your books (QuickBooks, Xero)",
        "Your banks", "What enrichment found",
    ]  # fmt: skip
