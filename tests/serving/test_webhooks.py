"""Is a webhook that was acknowledged committed, and is nobody believed who did not sign?"""

import asyncio
import base64
import hashlib
import hmac
import json
import time

import httpx
import pytest

from core.connections import ConnectionStore
from core.database import Database
from core.secrets import SecretBox
from core.tenancy import new_id

SECRET = "whsec_one_of_ours"


@pytest.fixture(scope="module")
def system(engines):
    opened = Database.connect(engines, role="system", size=2)
    yield opened
    opened.close()


@pytest.fixture
def held(system):
    """Return the inbox of a workspace: connection, event id, payload, in order."""

    def read(workspace):
        with system.system() as rows:
            found = rows.execute(
                "select connection_id, event_id, payload from inbox where workspace_id = %s"
                " order by position",
                [str(workspace.tenant)],
            ).fetchall()
        return [(row["connection_id"], row["event_id"], bytes(row["payload"])) for row in found]

    return read


def connect(workspace, provider="stripe", secrets=(SECRET,), account=None):
    box = SecretBox.from_keys(workspace.settings.required("encryption_keys"))
    connection = ConnectionStore(workspace.database, box).connect(
        workspace.tenant, provider=provider, name="A", provider_account_id=account or new_id("a"),
        api_url="http://127.0.0.1:1", credentials={"api_key": "sk_test_x"},
    )  # fmt: skip
    if secrets:
        put(workspace, connection.id, *secrets).raise_for_status()
    return connection


def put(workspace, connection_id, *secrets):
    return workspace.api.put(
        f"/v1/connections/{connection_id}/webhook_secrets",
        json={"secrets": list(secrets)}, headers=workspace.headers(),
    )  # fmt: skip


def event(event_id=None, **fields) -> bytes:
    return json.dumps({"id": event_id or new_id("evt"), "object": "event", **fields}).encode()


def stripe_signature(body, secret=SECRET, at=None) -> dict[str, str]:
    at = int(time.time()) if at is None else at
    made = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={at},v1={made}"}


def body_signature(header, body, secret=SECRET) -> dict[str, str]:
    return {header: base64.b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()}


def deliver(workspace, connection, body, headers, provider="stripe"):
    path = f"/v1/webhooks/{provider}/{getattr(connection, 'id', connection)}"
    return workspace.api.post(path, content=body, headers=headers)


def test_what_is_acknowledged_is_in_the_inbox_byte_for_byte_and_once(workspace, held):
    connection = connect(workspace)
    body = b'{"id": "evt_1",  "object":"event", "amount": 72.10}'
    for _ in range(3):
        answer = deliver(workspace, connection, body, stripe_signature(body))
        assert (answer.status_code, answer.content) == (200, b"")
        assert "set-cookie" not in answer.headers
    assert held(workspace) == [(connection.id, "evt_1", body)]


def test_many_at_once_share_commits_and_none_is_lost(workspace, held, api_url):
    connection = connect(workspace)
    bodies = [event(f"evt_{number}") for number in range(300)]

    async def all_at_once():
        async with httpx.AsyncClient(base_url=api_url, timeout=60) as client:
            path = f"/v1/webhooks/stripe/{connection.id}"
            posts = [client.post(path, content=b, headers=stripe_signature(b)) for b in bodies]
            return [answer.status_code for answer in await asyncio.gather(*posts)]

    assert asyncio.run(all_at_once()) == [200] * 300
    assert sorted(found[2] for found in held(workspace)) == sorted(bodies)


def test_who_did_not_sign_is_refused(new_workspace, held):
    mine, theirs = new_workspace(), new_workspace()
    own, other = connect(mine), connect(mine, secrets=["whsec_other_of_mine"])
    foreign = connect(theirs, secrets=["whsec_foreign_one"])
    body, now = event(), int(time.time())
    attempts = {
        "no signature": {},
        "another connection's secret": stripe_signature(body, "whsec_other_of_mine"),
        "another workspace's secret": stripe_signature(body, "whsec_foreign_one"),
        "another body": stripe_signature(body + b" "),
        "too old": stripe_signature(body, at=now - 400),
        "of the future": stripe_signature(body, at=now + 400),
    }
    for name, headers in attempts.items():
        answer = deliver(mine, own, body, headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_signature"), name
    assert deliver(mine, foreign, body, stripe_signature(body)).status_code == 401
    assert deliver(mine, other, body, stripe_signature(body)).status_code == 401
    assert held(mine) == held(theirs) == []


def test_secrets_rotate_at_once_and_are_never_shown(workspace, held):
    connection = connect(workspace, secrets=["whsec_first"])
    path = f"/v1/webhooks/stripe/{connection.id}"
    body = event()
    assert deliver(workspace, connection, body, stripe_signature(body, "whsec_first")).is_success
    told = put(workspace, connection.id, "whsec_first", "whsec_second")
    assert told.json() == {
        "connection_id": connection.id, "provider": "stripe", "secrets": 2, "path": path,
    }  # fmt: skip
    time.sleep(0.6)  # a wrong signature has the secrets read again, twice a second at most
    body = event()
    assert deliver(workspace, connection, body, stripe_signature(body, "whsec_second")).is_success
    put(workspace, connection.id, "whsec_second")
    time.sleep(3.1)
    body = event()
    old = stripe_signature(body, "whsec_first")
    assert deliver(workspace, connection, body, old).status_code == 401
    log = workspace.get("/v1/audit_log").text
    assert "connection.webhook_secrets_set" in log
    assert "whsec_" not in log + told.text


def test_what_cannot_be_understood_is_kept(workspace, held):
    connection = connect(workspace)
    odd = [b"not json", b"", b'{"id": "evt_\\u0000"}', b'{"id": 7}', b"\xff\xfe", b"[1]"]
    for body in odd:
        assert deliver(workspace, connection, body, stripe_signature(body)).is_success, body
    assert [found[2] for found in held(workspace)] == odd


def test_an_unknown_connection_is_parked_where_no_workspace_sees_it(workspace, held, system):
    unknown, body = new_id("conn"), event()
    answer = deliver(workspace, unknown, body, stripe_signature(body, "whsec_whatever"))
    assert answer.status_code == 202
    assert deliver(workspace, unknown, body, {}).status_code == 401  # nothing that looks signed
    query = "select payload from parked_deliveries where connection_id = %s"
    with system.system() as rows:
        assert [bytes(row["payload"]) for row in rows.execute(query, [unknown])] == [body]
    with workspace.database.tenant(workspace.tenant) as rows, pytest.raises(Exception, match="per"):
        rows.execute(query, [unknown])
    assert held(workspace) == []
    without_secret = connect(workspace, secrets=())
    assert deliver(workspace, without_secret, body, stripe_signature(body)).status_code == 202


def test_xeros_intent_to_receive(workspace, held):
    connection = connect(workspace, "xero")
    body = b'{"events": [], "firstEventSequence": 0, "lastEventSequence": 0, "entropy": "S0m3"}'
    right = body_signature("x-xero-signature", body)
    wrong = body_signature("x-xero-signature", body, "another_secret")
    answer = deliver(workspace, connection, body, right, "xero")
    assert (answer.status_code, answer.content) == (200, b"")
    assert deliver(workspace, connection, body, wrong, "xero").status_code == 401
    assert deliver(workspace, new_id("conn"), body, right, "xero").status_code == 401


def test_a_platform_passes_on_with_its_key(workspace, held):
    one = connect(workspace, secrets=["whsec_number_one"])
    two = connect(workspace, secrets=["whsec_number_two"])
    body = event("evt_p")

    def send(headers):
        headers = workspace.headers() | headers
        return workspace.api.post("/v1/webhooks/stripe", content=body, headers=headers)

    assert send(stripe_signature(body, "whsec_number_two")).status_code == 200
    assert send(stripe_signature(body, "whsec_of_nobody")).status_code == 401
    assert held(workspace) == [(two.id, "evt_p", body)]
    assert one.id != two.id


def test_a_company_is_found_by_the_body_that_names_it(workspace, held):
    one = connect(workspace, "quickbooks", account="9130001")
    two = connect(workspace, "quickbooks", account="9130002")
    body = b'{"eventNotifications": [{"realmId": "9130002"}]}'
    both = b'[{"id": "a", "intuitaccountid": "9130001"}, {"id": "b", "intuitaccountid": "9130002"}]'
    unknown = b'{"eventNotifications": [{"realmId": "77"}]}'
    for sent in (body, both, unknown):
        headers = workspace.headers() | body_signature("intuit-signature", sent)
        answer = workspace.api.post("/v1/webhooks/quickbooks", content=sent, headers=headers)
        assert answer.status_code == 200
    found = [(entry[0], entry[2]) for entry in held(workspace)]
    assert (found[0], found[3]) == ((two.id, body), ("", unknown))
    assert sorted(found[1:3]) == sorted([(one.id, both), (two.id, both)])
    assert len(found) == 4


def test_one_address_of_an_application_is_about_whom_the_body_names(workspace, held):
    one = connect(workspace, "quickbooks", account="9130011")
    connect(workspace, "quickbooks", account="9130012")
    own = b'{"eventNotifications": [{"realmId": "9130011"}]}'
    others = b'[{"id": "a", "intuitaccountid": "9130012"}]'
    both = b'[{"id": "a", "intuitaccountid": "9130011"}, {"id": "b", "intuitaccountid": "9130012"}]'
    for body in (own, others, both):
        headers = body_signature("intuit-signature", body)
        assert deliver(workspace, one, body, headers, "quickbooks").status_code == 200
    assert [(entry[0], entry[2]) for entry in held(workspace)] == [
        (one.id, own), ("", others), (one.id, both), ("", both),
    ]  # fmt: skip


def test_what_is_no_webhook(workspace, held):
    connection = connect(workspace)
    large = event(text="x" * 1_000_000)
    answer = deliver(workspace, connection, large, stripe_signature(large))
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    path = f"/v1/webhooks/stripe/{connection.id}"
    answer = workspace.api.get(path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert deliver(workspace, connection, b"{}", {}, "gocardless").status_code == 404
    workspace.api.delete(f"/v1/connections/{connection.id}", headers=workspace.headers())
    body = event()
    time.sleep(3.1)  # for as long as its secrets are remembered
    assert deliver(workspace, connection, body, stripe_signature(body)).status_code == 404
    assert held(workspace) == []
