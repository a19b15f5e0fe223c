"""Text messages and alerts leave as mail does: with words of their own, once, to whom they may."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from core.secrets import SecretBox
from recovery.channels.slack import SlackSender
from recovery.payer.addresses import address_hash, phone_number
from recovery.store import slack
from tests.recovery.conftest import RENEWED, Company
from tests.recovery.flow_documents import DAYS_2, END, steps

SOFT = "insufficient_funds"
TELLS = {
    "first": {"kind": "message", "channel": "sms", "template": "reminder", "basis": "consent",
              "next": "tell"},
    "tell": {"kind": "message", "channel": "slack", "template": "payment_failed", "next": "over"},
    "over": END,
}  # fmt: skip
CONSENTS = {
    "phone": "0049 (170) 123-45 67", "metadata[sms_consent]": "true",
    "preferred_locales[0]": "de-AT",
}  # fmt: skip


def written(company: Company, channel: str) -> list[dict[str, Any]]:
    found = [json.loads(file.read_text()) for file in company.messages()]
    return [one for one in found if one["channel"] == channel]


def results(company: Company) -> list[tuple[str, str | None]]:
    found = company.actions("state, result ->> 'reason' as reason")
    return [tuple(one) for one in found]


def test_a_text_message_is_written_in_the_payer_s_language_and_counted(company: Company) -> None:
    company.publish(steps(**TELLS))
    company.subscriber(SOFT, None, **CONSENTS)
    company.renew()
    (text,) = written(company, "sms")
    said = text["written"]["text"]
    assert text["recipient"] == "+491701234567"
    assert said.startswith("A: € 49,00 sind noch offen. Hier zahlen oder einen späteren Tag wählen")
    pay, stop = (word for word in said.split() if word.startswith("http"))
    assert stop.endswith("/unsubscribe")
    assert pay.split("/r/")[1] != stop.split("/r/")[1].removesuffix("/unsubscribe")
    kept = company.newest("message_done")
    with company.application.tenant(company.connection.tenant) as rows:
        links = rows.execute(
            "select purpose, channel, language, address_hash from recovery_links order by purpose"
        ).fetchall()
        told = rows.execute(
            "select details from recovery_transitions where kind = 'message_done' order by revision"
        ).fetchall()
    assert links == [
        {"purpose": purpose, "channel": "sms", "language": "de",
         "address_hash": address_hash("+49 170 1234567")}
        for purpose in ("pay", "unsubscribe")
    ]  # fmt: skip
    assert [(one["details"]["channel"], one["details"]["words"]) for one in told] == [
        ("sms", "reminder/de/neutral/0"), ("slack", "payment_failed/en/alert/0"),
    ]  # fmt: skip
    assert told[0]["details"]["segments"] == 2
    # An alert to the merchant's own people is no message to the payer.
    assert kept["channel"] == "slack"
    assert company.episode()["memory"]["messages"] == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"metadata[sms_consent]": "false"}, "The customer has not consented."),
        ({"phone": "0170 1234567"}, "The customer has no number in international form, such as"
         " +49 170 1234567."),
    ],
)  # fmt: skip
def test_without_consent_or_a_number_nothing_is_sent(company, changes, reason) -> None:
    company.publish(steps(**TELLS))
    company.subscriber(SOFT, None, **CONSENTS | changes)
    company.renew()
    assert results(company) == [("skipped", reason), ("done", "Your team's channel was told.")]
    assert written(company, "sms") == []


def test_a_number_that_is_left_alone_is_left_alone_however_it_is_written(company) -> None:
    company.publish(steps(**TELLS))
    with company.application.tenant(company.connection.tenant) as rows:
        rows.execute(
            "insert into recovery_suppressions (workspace_id, channel, address_hash, reason,"
            " created_at) values (%s, 'sms', %s, 'unsubscribed', now())",
            [company.workspace_id, address_hash("+49-170/1234567")],
        )
    company.subscriber(SOFT, None, **CONSENTS)
    company.renew()
    assert results(company)[0] == ("skipped", "Nothing more is sent there: unsubscribed.")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+49 170 1234567", "+491701234567"),
        ("0049 (170) 123-45/67", "+491701234567"),
        ("0170 1234567", ""),
        ("+0 170 1234567", ""),
        ("+49", ""),
        ("ada@example.com", ""),
        ("+1 800 FLOWERS", ""),
    ],
)
def test_a_number_is_one_that_networks_can_dial(text: str, number: str) -> None:
    assert phone_number(text) == number


def test_a_message_tells_what_is_known_of_the_invoice(company: Company) -> None:
    """The invoice's number, the card, and the day of the next try, which the flow settles."""
    tries = {"kind": "retry", "schedule": [DAYS_2], "next": "over", "on_stop": "over"}
    write = {"kind": "message", "template": "payment_failed", "tone": "friendly", "next": "tries"}
    company.publish(steps(first=write, tries=tries, over=END))
    buyer = company.subscriber(SOFT, None)
    company.renew()
    (mail,) = written(company, "email")
    invoice = company.get(f"/v1/invoices/{company.episode()['subject_id']}")
    day = (RENEWED + timedelta(days=2)).date()
    assert mail["known"] == {
        "invoice_number": invoice["number"], "card_last4": "4242",
        "due_on": RENEWED.date().isoformat(), "next_attempt_on": day.isoformat(),
        "plan_name": "Pro", "access_ends_on": "",
    }  # fmt: skip
    assert f"We will try again on {day:%B %-d, %Y}." in mail["written"]["text"]
    company.run_until(RENEWED + timedelta(days=2, hours=1), timedelta(days=1))
    assert company.charges(buyer["customer"]) == ["paid", SOFT, "paid"]


def test_a_message_tells_the_plan_and_when_access_ends(company: Company) -> None:
    """After ten days of grace that the merchant settled; of one told to end, with its period."""
    company.settle(grace_days=10)
    day = {"kind": "wait", "until": {"kind": "duration", "days": 1}, "next": "write"}
    write = {"kind": "message", "template": "final_notice", "next": "over"}
    company.publish(steps(first=day, write=write, over=END))
    first, second = company.subscriber(SOFT), company.subscriber(SOFT)
    company.renew()
    ending = company.post(
        f"/v1/subscriptions/{second['subscription']}", cancel_at_period_end="true"
    )
    ends = datetime.fromtimestamp(ending["items"]["data"][0]["current_period_end"], UTC)
    company.run_until(RENEWED + timedelta(days=1, hours=1), timedelta(days=1))
    told = {
        mail["customer_id"]: (mail["known"]["plan_name"], mail["known"]["access_ends_on"])
        for mail in written(company, "email")
    }
    graced = RENEWED + timedelta(days=10)
    assert told == {
        first["customer"]: ("Pro", graced.date().isoformat()),
        second["customer"]: ("Pro", ends.date().isoformat()),
    }
    (mail,) = (m for m in written(company, "email") if m["customer_id"] == first["customer"])
    assert f"{graced:%B %-d, %Y}" in mail["written"]["text"]


@contextmanager
def slack_at(*statuses: int) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A webhook of Slack's that answers so, and what it was told."""
    told: list[dict[str, Any]] = []
    answers = iter(statuses)

    class Webhook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            status = next(answers)
            body = b"ok" if status == 200 else b"no_service"
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Webhook) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/services/T0/B0/secret", told
        server.shutdown()
        thread.join()


@pytest.fixture
def alerted(company: Company, postgres):
    """A company whose alerts go to the webhook at an address."""

    def at(url: str, **flow: dict[str, Any]) -> Company:
        box = SecretBox.from_keys(postgres.required("encryption_keys"))
        sealed = box.seal(url, context=slack.context(company.workspace_id))
        with company.application.tenant(company.connection.tenant) as rows:
            slack.put(rows, company.workspace_id, sealed, company.now, "a test")
        parts = company.parts
        sender = SlackSender(parts.database, box, True, parts.senders["slack"])
        company.parts = replace(parts, senders={**parts.senders, "slack": sender})
        company.publish(steps(**flow or {"first": {**TELLS["tell"], "next": "over"}}, over=END))
        company.subscriber(SOFT, None, name="Ada <Byron>")
        return company

    return at


def test_an_alert_reaches_the_channel_of_the_workspace(alerted, postgres) -> None:
    with slack_at(200) as (url, told):
        company = alerted(url)
        company.renew()
    (alert,) = told
    episode = company.episode()
    number = company.get(f"/v1/invoices/{episode['subject_id']}")["number"]
    page = f"{postgres.public_address}/workspaces/{company.workspace_id}/recovery/episodes"
    assert alert == {
        "text": f"*A payment failed.* €49.00 of Ada &lt;Byron&gt; for invoice {number}: the balance"
        f" or limit did not cover it.\n<{page}/{episode['id']}|Open the episode>",
        "unfurl_links": False,
    }
    assert company.newest("message_done")["delivery"] == "handed_over"
    assert company.messages() == []


def test_a_task_is_told_to_the_team_though_the_flow_is_over(alerted) -> None:
    """Once, and whatever the flow does next: the task stands, with or without a channel."""
    call = {"kind": "task", "instruction": "Call <them>.\nToday.", "next": "over"}
    with slack_at(200) as (url, told):
        company = alerted(url, first=call)
        company.renew()
        company.settle_down()
    ((alert,), episode) = told, company.episode()
    assert (episode["state"], episode["outcome"]) == ("ended", "lost")
    assert alert["text"].startswith(
        "*Something for a person.* Call &lt;them&gt;. Today.\n€49.00, Ada &lt;Byron&gt;\n<http"
    )
    assert alert["text"].endswith(f"/episodes/{episode['id']}|Open the episode>")
    assert company.actions() == [("task", "done"), ("message", "done")]
    assert episode["memory"].get("messages", 0) == 0


def test_a_task_without_a_channel_is_a_task_alone(company: Company) -> None:
    company.publish(steps(first={"kind": "task", "instruction": "Call.", "next": "over"}, over=END))
    company.subscriber(SOFT)
    company.renew()
    assert company.actions() == [("task", "done")]
    assert company.messages() == []


def test_a_channel_that_is_gone_is_told_and_one_that_is_busy_is_asked_again(alerted) -> None:
    with slack_at(429, 503, 404) as (url, told):
        company = alerted(url)
        company.renew()
        company.run_until(RENEWED + timedelta(hours=1), timedelta(hours=1))
    assert len(told) == 3
    assert results(company) == [("skipped", "Slack answered 404: no_service.")]


def test_an_alert_goes_into_no_network_of_ours(alerted) -> None:
    company = alerted("https://10.0.0.1/services/T0/B0/x")
    company.renew()
    ((state, reason),) = results(company)
    assert (state, reason) == ("skipped", "The address leads into a network that is not public.")
