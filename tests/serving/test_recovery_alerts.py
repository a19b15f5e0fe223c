"""A test alert goes to the workspace's own channel or address, seldom, and is in the audit log."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from core.clock import utc_now
from core.secrets import SecretBox
from recovery.store import slack
from serving.recovery.alert_actions import MOST
from tests.serving.merchant import Merchant

PATH = "/v1/recovery/alert_tests"


@pytest.fixture(scope="module")
def local(engines, warehouse, serve):
    """An API that may post to this machine, where these tests' channels are."""
    return serve(engines.model_copy(update={"outbound_local": True}))


@pytest.fixture
def send(local, workspace):
    def request(method: str, path: str, body: dict | None = None) -> httpx.Response:
        return httpx.request(
            method, local + path, json=body, headers=workspace.headers(), timeout=30
        )

    return request


@contextmanager
def slack_at(status: int):
    """A webhook that answers so, and what it was told."""
    told = []

    class Webhook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Webhook) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/services/T0/B0/x", told
        server.shutdown()


def set_channel(workspace, url: str) -> None:

    box = SecretBox.from_keys(workspace.settings.required("encryption_keys"))
    tenant = str(workspace.tenant)
    with workspace.database.tenant(workspace.tenant) as rows:
        slack.put(rows, tenant, box.seal(url, context=slack.context(tenant)), utc_now(), "a test")


def test_a_repeated_request_sends_one_alert(send, workspace, local) -> None:
    headers = {**workspace.headers(), "Idempotency-Key": "once"}
    with slack_at(200) as (url, told):
        set_channel(workspace, url)
        answers = [
            httpx.post(local + PATH, json={"channel": "slack"}, headers=headers, timeout=30)
            for _ in range(2)
        ]
    assert [one.json()["delivery"] for one in answers] == ["handed_over"] * 2
    assert [one.headers.get("Idempotency-Replayed") for one in answers] == [None, "true"]
    assert (len(told), len(logged(send))) == (1, 1)


def logged(send) -> list[dict]:
    found = send("GET", "/v1/audit_log").json()["data"]
    return [one["details"] for one in found if one["action"] == "recovery_alert.tested"]


def test_the_channel_hears_a_test_and_the_log_says_who_asked(send, workspace) -> None:
    with slack_at(200) as (url, told):
        set_channel(workspace, url)
        answer = send("POST", PATH, {"channel": "slack"})
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"channel": "slack", "delivery": "handed_over", "to": ""}
    (alert,) = told
    assert alert["text"].startswith("*Recovery* This is a test.")
    assert f"/workspaces/{workspace.tenant}/recovery|Open the board>" in alert["text"]
    assert logged(send) == [{"channel": "slack"}]


def test_a_channel_that_refuses_is_said_and_was_asked_for_all_the_same(send, workspace) -> None:
    with slack_at(404) as (url, _):
        set_channel(workspace, url)
        answer = send("POST", PATH, {"channel": "slack"})
    assert (answer.status_code, answer.json()["code"]) == (502, "alert_not_taken")
    assert "404" in answer.json()["detail"]
    assert logged(send) == [{"channel": "slack"}]


def test_mail_goes_to_the_brand_s_own_address_and_to_no_other(send, workspace, mailbox) -> None:
    look = send("GET", "/v1/recovery/brand").json()
    address = f"help-{str(workspace.tenant)[3:11]}@example.com"
    assert send("PUT", "/v1/recovery/brand", {**look, "support_email": address}).status_code == 200
    assert send("POST", PATH, {"channel": "email"}).json() == {
        "channel": "email", "delivery": "handed_over", "to": address,
    }  # fmt: skip
    assert "This is a test." in mailbox.newest(address)
    other = send("POST", PATH, {"channel": "email", "to": "victim@example.com"})
    assert other.status_code == 422


def test_where_no_channel_is_set_nothing_is_sent_or_logged(send) -> None:
    answer = send("POST", PATH, {"channel": "slack"})
    assert (answer.status_code, answer.json()["detail"]) == (409, "No Slack channel is set.")
    assert logged(send) == []


def test_five_within_the_hour_are_the_limit(send, workspace) -> None:
    with slack_at(200) as (url, told):
        set_channel(workspace, url)
        for _ in range(MOST):
            assert send("POST", PATH, {"channel": "slack"}).status_code == 200
        refused = send("POST", PATH, {"channel": "slack"})
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert 3590 <= int(refused.headers["Retry-After"]) <= 3601
    assert len(told) == len(logged(send)) == MOST


@pytest.mark.parametrize("channel", ["sms", "", None])
def test_other_channels_are_none(send, channel) -> None:
    assert send("POST", PATH, {"channel": channel}).status_code == 422


def test_the_page_sends_it_and_members_may_not(merchant: Merchant, mailbox) -> None:
    opened = merchant.open("/settings")
    assert "Send a test alert to Slack" not in opened.text  # none is set
    sent = merchant.submit(opened, "/settings/alert_test", channel="email")
    assert "It was sent: look at" in sent.text
    refused = merchant.submit(opened, "/settings/alert_test", channel="slack")
    assert refused.status_code == 409
    assert "No Slack channel is set." in refused.text
    looks = merchant.colleague("member")
    page = looks.open("/settings")
    assert "alert_test" not in page.text
    assert looks.submit(page, "/settings/alert_test", channel="email").status_code == 403
