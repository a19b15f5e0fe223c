"""Who hears of a failed check or run, how often, and what if nobody answers? Real SMTP and HTTP."""

import base64
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    DagsterInstance,
    Failure,
    SkipReason,
    asset,
    asset_check,
    build_sensor_context,
    job,
    materialize,
    op,
)
from pydantic import SecretStr

from core.settings import Settings
from orchestration.alerts import alert_sensor
from orchestration.channels import AlertNotSentError, is_open
from tests.mailbox import Mailbox

SECRET = b"a secret of thirty-two bytes. ok."
verdict: dict[str, Any] = {}


@asset
def rows() -> None:
    """Stand under the check."""


@asset_check(asset=rows)
def sound() -> AssetCheckResult:
    return AssetCheckResult(**verdict)


@op
def pull() -> None:
    if not verdict["passed"]:
        raise Failure("1 of 3 connections did not land: ws|conn: Invalid API Key")


@job
def sync() -> None:
    pull()


def happen(instance: DagsterInstance, *, passed: bool, severity: str = "ERROR") -> None:
    """Let the check and the job end well or badly."""
    verdict.update(passed=passed, severity=AssetCheckSeverity[severity], metadata={"without_id": 2})
    materialize([rows, sound], instance=instance, raise_on_error=False)
    sync.execute_in_process(instance=instance, raise_on_error=False)


@dataclass
class Reader:
    """A sensor's ticks, whose cursor goes on from one to the next."""

    channel: str
    instance: DagsterInstance
    settings: Settings
    cursor: str | None = None

    def tick(self) -> str:
        with build_sensor_context(
            instance=self.instance, cursor=self.cursor, resources={"settings": self.settings}
        ) as context:
            said = alert_sensor(self.channel)(context)
            self.cursor = context.cursor
        assert isinstance(said, SkipReason)
        return str(said.skip_message)


@dataclass
class Hook:
    """A real HTTP receiver."""

    url: str
    status: int = 200
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def hook() -> Iterator[Hook]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            found.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(found.status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    found = Hook(f"http://127.0.0.1:{server.server_address[1]}/hook")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_trouble_is_posted_once_signed_and_again_when_it_has_ended(
    instance: DagsterInstance, hook: Hook
):
    happen(instance, passed=False)  # before anybody listens: history alarms nobody
    settings = Settings(
        alert_webhook_url=SecretStr(hook.url),
        alert_webhook_secret=SecretStr(f"whsec_{base64.b64encode(SECRET).decode()}"),
    )
    reader = Reader("webhook", instance, settings)
    assert reader.tick() == "0 told; 0 failing."
    happen(instance, passed=False)
    assert reader.tick() == "2 told; 2 failing."
    happen(instance, passed=False)
    assert reader.tick() == "0 told; 2 failing."
    happen(instance, passed=True)
    assert reader.tick() == "2 told; 0 failing."
    bodies = [json.loads(body) for _, body in hook.got]
    told = [(b["type"], b["data"]["name"], b["data"]["reason"]) for b in bodies]
    check, run = "check rows sound", "job sync"
    words = "1 of 3 connections did not land: ws|conn: Invalid API Key"
    assert told == [
        ("alert.failing", check, "without_id: 2"), ("alert.failing", run, words),
        ("alert.well_again", check, ""), ("alert.well_again", run, ""),
    ]  # fmt: skip
    assert bodies[0]["text"].splitlines()[1] == "without_id: 2"
    assert bodies[0]["data"]["run_url"].startswith("http://127.0.0.1:3000/runs/")
    for headers, body in hook.got:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        made = base64.b64encode(hmac.digest(SECRET, signed, "sha256")).decode()
        assert headers["webhook-signature"] == f"v1,{made}"


def test_what_a_channel_does_not_take_is_told_again_and_the_others_go_on(
    instance: DagsterInstance, hook: Hook, mailbox: Mailbox
):
    settings = Settings(
        alert_webhook_url=SecretStr(hook.url), smtp_url=SecretStr(mailbox.url),
        alert_emails="ops@example.com, cfo@example.com",
    )  # fmt: skip
    posted = Reader("webhook", instance, settings)
    mailed = Reader("mail", instance, settings)
    posted.tick()
    mailed.tick()
    happen(instance, passed=False)
    hook.status = 503
    before = posted.cursor
    with pytest.raises(AlertNotSentError, match="The webhook answered 503"):
        posted.tick()
    assert posted.cursor == before
    assert mailed.tick() == "2 told; 2 failing."
    hook.status, hook.got = 204, []
    assert posted.tick() == "2 told; 2 failing."
    assert len(hook.got) == 2
    for address in ("ops@example.com", "cfo@example.com"):
        message = mailbox.messages(address)[-1]
        assert message["Subject"] == "Oppulence: check rows sound failing, and 1 more"
        text = mailbox.newest(address)
        assert "check rows sound: failing (error, " in text
        assert "Invalid API Key" in text


def test_a_warning_is_told_to_whoever_asks_for_warnings(instance: DagsterInstance, hook: Hook):
    strict = Settings(alert_webhook_url=SecretStr(hook.url), alert_severity="warning")
    readers = [Reader("webhook", instance, s) for s in (strict, strict.model_copy(
        update={"alert_severity": "error"}))]  # fmt: skip
    for reader in readers:
        reader.tick()
    verdict.update(passed=False, severity=AssetCheckSeverity.WARN, metadata={})
    materialize([rows, sound], instance=instance, raise_on_error=False)
    assert [reader.tick() for reader in readers] == ["1 told; 1 failing.", "0 told; 0 failing."]


def test_nobody_is_told_where_settings_name_nobody(instance: DagsterInstance):
    plain = Settings()
    assert [is_open(plain, name) for name in ("log", "webhook", "mail")] == [True, False, False]
    assert not is_open(Settings(alert_emails="ops@example.com"), "mail"), "no relay"
    assert Reader("mail", instance, plain).tick().startswith("Settings name nobody here")
    assert Reader("log", instance, plain).tick() == "0 told; 0 failing."
