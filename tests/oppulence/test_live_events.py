"""Does what happens at the provider show by itself under `oppulence up`? The sandbox's webhooks."""

import json

import httpx
import pytest

from core.database import Database
from core.tenancy import TenantId
from core.warehouse import Warehouse
from local.stack import running_engines
from tests.local.processes import until
from tests.oppulence.conftest import RunningStack

pytestmark = pytest.mark.timeout(1200)
SANDBOX_KEY = "sk_test_northwind_1"
TENANT = TenantId("ws_stack")


@pytest.fixture(scope="module")
def api(stack: RunningStack):
    """Ask the API in a workspace whose Stripe account the sandbox is."""
    words = ("--workspace", str(TENANT), "--json")
    done = stack.run("connect", "stripe", *words, STRIPE_API_KEY=SANDBOX_KEY)
    assert done.returncode == 0, done.stderr
    key = json.loads(stack.run("key", "create", *words).stdout)["key"]
    headers = {"Authorization": f"Bearer {key}", "X-Workspace-Id": str(TENANT)}
    address = stack.live()["parts"]["api"]["address"]
    with httpx.Client(base_url=address, headers=headers, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def sandbox(stack: RunningStack, api: httpx.Client):
    """Act at the sandbox, once the worker has told it where its webhooks go."""
    address = stack.live()["parts"]["sandbox"]["address"]
    with httpx.Client(base_url=address, auth=(SANDBOX_KEY, ""), timeout=60) as client:
        until(lambda: client.get("/v1/webhook_endpoints").json()["data"], "an address is known")
        until(lambda: is_followed(stack), "the tail has looked, and looks in an hour again")
        yield client


def pay(sandbox: httpx.Client, amount: int, card: str) -> httpx.Response:
    asked = {"amount": amount, "currency": "eur", "payment_method": card, "confirm": "true"}
    return sandbox.post("/v1/payment_intents", data=asked)


def test_a_payment_shows_in_the_api_and_in_postgres(stack, api, sandbox) -> None:
    charge = pay(sandbox, 7210, "pm_card_visa").json()["latest_charge"]
    until(lambda: api.get(f"/v1/transactions/{charge}").status_code == 200, "the payment shows")
    shown = api.get(f"/v1/transactions/{charge}").json()
    assert {name: shown[name] for name in ("amount", "amount_minor", "currency", "provider")} == {
        "amount": "72.10", "amount_minor": 7210, "currency": "EUR", "provider": "stripe",
    }  # fmt: skip
    until(lambda: latest(stack, charge) == "succeeded", "Postgres holds the charge")


def test_the_events_came_as_webhooks(api, sandbox) -> None:
    refused = pay(sandbox, 4900, "pm_card_chargeDeclinedInsufficientFunds")
    assert refused.status_code == 402
    asked = {"object_id": refused.json()["error"]["charge"]}
    until(lambda: api.get("/v1/events", params=asked).json()["data"], "the decline shows")
    (event,) = api.get("/v1/events", params=asked).json()["data"]
    assert (event["type"], event["origin"]) == ("charge.failed", "webhook")


def test_what_the_provider_would_not_tell_is_seen_and_tried_again(stack, api, sandbox) -> None:
    """Two events of one object in one second: it is asked for, and the provider is down."""
    fault = {"kind": "error", "path": "^/v1/payment_intents/pi_"}
    sandbox.post("/_sandbox/faults", json=fault).raise_for_status()
    try:
        intent = pay(sandbox, 1500, "pm_card_visa").json()["id"]

        def letters() -> list[dict[str, object]]:
            page = api.get("/v1/dead_letters", params={"cause": "provider_unavailable"}).json()
            return [one for one in page["data"] if intent in str(one["payload"])]

        until(letters, "a letter says why")
        (letter,) = letters()
        assert (letter["stage"], letter["state"]) == ("refetch", "retrying")
    finally:
        sandbox.delete("/_sandbox/faults").raise_for_status()
    again = api.post("/v1/dead_letters/retry", json={"cause": "provider_unavailable"})
    assert again.status_code == 202
    until(lambda: not letters(), "it was told at last")
    told = json.loads(stack.run("status", "--json").stdout)["events"]
    assert told["inbox_applied_total clickhouse"] > 0
    assert told["inbox_dead_letters refetch"] == 0
    assert "inbox_lag_seconds clickhouse" in told


def is_followed(stack: RunningStack) -> bool:
    """Say whether the worker has begun to ask for the account's events."""
    with running_engines(stack.settings, needed=["clickhouse"]) as settings:
        warehouse = Warehouse.connect(settings, pool_size=1)
        try:
            asked = "select 1 from raw.cursor where workspace_id = {workspace:String}"
            return bool(warehouse.rows(asked, {"workspace": str(TENANT)}))
        finally:
            warehouse.close()


def latest(stack: RunningStack, charge: str) -> str:
    """Return the charge's status as Postgres holds it; empty if it holds none."""
    with running_engines(stack.settings, needed=["postgres"]) as settings:
        database = Database.connect(settings, role="system", size=1)
        try:
            with database.system() as rows:
                row = rows.execute(
                    "select payload ->> 'status' as status from latest_objects"
                    " where workspace_id = %s and object = 'charge' and id = %s",
                    [str(TENANT), charge],
                ).fetchone()
        finally:
            database.close()
    return str(row["status"]) if row else ""
