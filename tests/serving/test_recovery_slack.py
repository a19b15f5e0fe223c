"""The Slack channel of a workspace's alerts: set, never shown, forgotten; by API and by page."""

import pytest

from core.secrets import SecretBox
from recovery.store import slack
from tests.serving.merchant import Merchant

PATH = "/v1/recovery/slack"
URL = "https://hooks.slack.com/services/T0/B0/very-secret"


def test_a_webhook_is_kept_sealed_and_never_shown(send, workspace, engines) -> None:
    assert send("GET", PATH).json() == {"is_set": False, "updated_at": None, "updated_by": ""}
    kept = send("PUT", PATH, {"webhook_url": f" {URL} "})
    assert kept.status_code == 200
    shown = send("GET", PATH)
    assert shown.json() == kept.json()
    assert shown.json()["is_set"] is True
    assert "secret" not in shown.text
    with workspace.database.tenant(workspace.tenant) as rows:
        sealed = slack.sealed_url(rows, str(workspace.tenant))
    box = SecretBox.from_keys(engines.required("encryption_keys"))
    assert sealed is not None
    assert "hooks" not in sealed
    assert box.open(sealed, context=slack.context(str(workspace.tenant))) == URL
    assert send("PUT", PATH, {"webhook_url": None}).json()["is_set"] is False
    log = send("GET", "/v1/audit_log").json()["data"]
    assert [one["action"] for one in log][:2] == ["recovery_slack.removed", "recovery_slack.set"]
    assert "secret" not in str(log)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.slack.com/services/T0/B0/x",
        "https://hooks.slack.com.evil.example/services/T0/B0/x",
        "https://evil.example/hooks.slack.com/",
        "https://ada:secret@hooks.slack.com/services/x",
        "https://hooks.slack.com:8443/services/x",
        "https://hooks.slack.com:x/services/x",
        "https://hooks.slack.com/",
        "https://[hooks.slack.com/services/x",
        "javascript:alert(1)",
        "x",
        "",
    ],
)
def test_what_is_no_webhook_of_slack_s_is_refused(send, url) -> None:
    assert send("PUT", PATH, {"webhook_url": url}).status_code == 422
    assert send("GET", PATH).json()["is_set"] is False


def test_the_page_sets_and_forgets_it(merchant: Merchant) -> None:
    opened = merchant.open("/settings")
    assert "not set" in opened.text
    refused = merchant.submit(opened, "/settings/slack", webhook_url="https://evil.example/x")
    assert refused.status_code == 422
    assert "no incoming webhook of Slack" in refused.text
    assert merchant.submit(opened, "/settings/slack", webhook_url="a b").status_code == 422
    saved = merchant.submit(opened, "/settings/slack", webhook_url=URL, do="save")
    assert "Set by" in saved.text
    assert "very-secret" not in saved.text
    gone = merchant.submit(opened, "/settings/slack", do="remove")
    assert "not set" in gone.text
    with merchant.rows() as rows:
        rows.execute("update members set role = 'member' where email = %s", [merchant.email])
    looked = merchant.open("/settings")
    assert "hooks.slack.com" not in looked.text
    assert merchant.submit(looked, "/settings/slack", webhook_url=URL).status_code == 403
