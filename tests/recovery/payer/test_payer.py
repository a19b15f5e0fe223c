"""From a message in the mailbox to a paid invoice: what a payer reads, clicks, and stops."""

from dataclasses import replace
from datetime import timedelta

import httpx
from aiosmtpd.controller import Controller
from psycopg.types.json import Jsonb

from core.clock import utc_now
from local.ports import free_port
from recovery.messages.templates import Purpose, Tone, library
from recovery.payer import acting
from recovery.payer.addresses import address_hash
from recovery.payer.links import Link, make_link
from recovery.payer.wording import words_of
from tests.recovery.conftest import RENEWED, Company
from tests.recovery.payer.conftest import HARD, SOFT, Payer


def test_a_failed_payment_is_written_about_and_paid_behind_the_link(payer: Payer) -> None:
    buyer = payer.owes(SOFT, None, email="ada@payer.example", **{"preferred_locales[0]": "de-AT"})
    (mail,) = payer.mails("ada@payer.example")
    assert (mail["Subject"], mail["From"]) == (
        "Ihre Zahlung hat nicht geklappt",
        "A <billing@oppulence.example>",
    )
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert payer.company.newest("message_done")["words"] == "payment_failed/de/friendly/0"
    text = mail.get_body(("plain",)).get_content()
    assert "€\xa049,00" in text
    assert "Guthaben oder Limit haben nicht ausgereicht" in text
    html = mail.get_body(("html",)).get_content()
    path = payer.path("ada@payer.example")
    assert f"{payer.host}{path}" in html
    assert not {"ada", "49", buyer["customer"]} & set(path.split("/"))

    before = payer.company.episode()
    page = payer.browser.get(path)
    assert page.status_code == 200
    assert "Offener Betrag" in page.text
    assert "49,00\xa0€" in page.text
    assert "Guthaben oder Limit haben nicht ausgereicht." in page.text
    assert "set-cookie" not in page.headers
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "script" not in page.text
    # A scanner that opens every link of the message has changed nothing.
    assert payer.company.episode() == before

    # Two clicks are one payment.
    for _ in range(2):
        assert payer.browser.post(f"{path}/pay").headers["location"] == f"{path}/trying"
    assert "gerade versucht" in payer.browser.get(f"{path}/trying").text
    payer.company.settle_down()
    assert payer.company.charges(buyer["customer"]) == ["paid", SOFT, "paid"]
    assert payer.company.episode()["recovered_minor"] == 4900
    assert "Alles bezahlt, danke" in payer.browser.get(f"{path}/trying").text


def test_a_message_has_the_words_in_use_when_it_is_written_and_keeps_which(payer: Payer) -> None:
    """A draft says nothing; a new version speaks from the next message of a running episode on."""
    company = payer.company
    word = words_of(library(Purpose.PAYMENT_FAILED, "en", Tone.FRIENDLY))
    with company.application.tenant(company.connection.tenant) as rows:
        rows.execute(
            "insert into recovery_templates (workspace_id, purpose, language, tone, draft,"
            " live_version, last_version, updated_at, updated_by) select %s, purpose, 'en', tone,"
            " %s, 2, 2, now(), 'a test' from (values ('payment_failed', 'friendly'),"
            " ('reminder', 'neutral')) as named (purpose, tone)",
            [company.workspace_id, Jsonb({**word, "subject": "A draft"})],
        )
        for version in (1, 2):
            rows.execute(
                "insert into recovery_template_versions select workspace_id, purpose, language,"
                " tone, %s, %s, now(), 'a test' from recovery_templates",
                [version, Jsonb({**word, "subject": f"{version}: {{{{ amount }}}}"})],
            )
    payer.owes(*[SOFT] * 5, email="dot@payer.example")
    assert payer.mails("dot@payer.example")[-1]["Subject"] == "2: €49.00"
    assert company.newest("message_done")["words"] == "payment_failed/en/friendly/2"
    with company.application.tenant(company.connection.tenant) as rows:
        rows.execute("update recovery_templates set live_version = 1")
    company.run_until(RENEWED + timedelta(days=4), timedelta(days=2))
    assert payer.mails("dot@payer.example")[-1]["Subject"] == "1: €49.00"
    assert company.newest("message_done")["words"] == "reminder/en/neutral/1"


def test_a_try_that_is_declined_says_why_and_may_be_made_again(payer: Payer) -> None:
    payer.owes(SOFT, SOFT, None, email="bob@payer.example")
    path = payer.path("bob@payer.example")
    payer.browser.post(f"{path}/pay")
    payer.company.settle_down()
    page = payer.browser.get(f"{path}/trying")
    assert "That did not go through: the balance or limit did not cover it." in page.text
    assert "Try the payment again now" in page.text


def test_another_method_is_used_for_the_subscription_too(payer: Payer) -> None:
    """Stripe's page sets the customer's default; retries take the subscription's first."""
    company = payer.company
    buyer = payer.owes(HARD, None, email="cy@payer.example")
    subscription = f"/v1/subscriptions/{buyer['subscription']}"
    company.post(subscription, default_payment_method=buyer["method"])
    path = payer.path("cy@payer.example")

    leaving = payer.browser.post(f"{path}/method")
    assert leaving.status_code == 200
    portal = leaving.headers["refresh"].removeprefix("0; url=")
    assert f'<a href="{portal}">Open the payment page</a>' in leaving.text
    assert "No new payment method was saved." in payer.browser.get(f"{path}/back").text
    with httpx.Client() as stripe:
        assert buyer["customer"] in stripe.get(portal).text
        refused = stripe.post(portal, data={"card": "pm_card_chargeDeclinedExpiredCard"})
        assert (refused.status_code, "Your card has expired." in refused.text) == (402, True)
        assert "No new payment method was saved." in payer.browser.get(f"{path}/back").text
        saved = stripe.post(portal, data={"card": "pm_card_mastercard"})
        assert (saved.status_code, saved.headers["location"][-5:]) == (303, "/back")
    customer = company.get(f"/v1/customers/{buyer['customer']}")
    method = customer["invoice_settings"]["default_payment_method"]
    assert company.get(f"/v1/payment_methods/{method}")["card"]["last4"] == "4444"
    assert "the new payment method is saved" in payer.browser.get(f"{path}/back").text
    assert company.get(subscription)["default_payment_method"] == method
    company.settle_down()
    assert company.episode()["memory"]["payment_method"] == method
    payer.browser.post(f"{path}/pay")
    company.settle_down()
    assert company.charges(buyer["customer"]) == ["paid", HARD, "paid"]


def test_a_payment_service_that_is_away_loses_nothing(payer: Payer) -> None:
    payer.owes(SOFT, None, email="di@payer.example")
    path = payer.path("di@payer.example")
    _move_stripe(payer.company, "http://127.0.0.1:9")
    page = payer.browser.post(f"{path}/method")
    # What waits for a Stripe that is away would wait in the worker of every later test.
    _move_stripe(payer.company, payer.company.connection.api_url)
    assert page.status_code == 503
    assert "does not answer. Nothing was changed" in page.text


def test_a_promised_day_lets_everything_rest_until_then(payer: Payer) -> None:
    company = payer.company
    payer.owes(*[SOFT] * 9, email="ed@payer.example")
    day = (company.now + timedelta(days=9)).date()
    link = _link_of(company)
    with company.application.tenant(company.connection.tenant) as rows:
        held = acting.held(rows, link)
        assert held is not None
        acting.promise(rows, company.parts.book, held, day, company.now)
    episode = company.episode()
    assert episode["due_at"].date() == day
    assert company.timeline()[-1] == "promised"
    company.run_until(RENEWED + timedelta(days=8), timedelta(days=4))
    assert len(payer.mails("ed@payer.example")) == 1
    company.run_until(RENEWED + timedelta(days=10), timedelta(days=2))
    assert len(payer.mails("ed@payer.example")) == 2


def test_only_a_day_within_reach_may_be_promised(payer: Payer) -> None:
    payer.owes(SOFT, email="fe@payer.example")
    path = payer.path("fe@payer.example")
    today = utc_now().date()
    for day in ("", "soon", str(today), str(today + timedelta(days=15)), "9999-12-31"):
        page = payer.browser.post(f"{path}/later", data={"day": day})
        assert page.status_code == 422
        assert "Choose a day from" in page.text
    page = payer.browser.post(f"{path}/later", data={"day": str(today + timedelta(days=14))})
    assert "We will not try or remind before" in page.text


def test_a_question_reaches_a_person_and_reminders_rest(payer: Payer) -> None:
    payer.owes(*[SOFT] * 9, email="gil@payer.example")
    path = payer.path("gil@payer.example")
    assert payer.browser.post(f"{path}/help", data={"text": " \x00 "}).status_code == 422
    assert payer.browser.post(f"{path}/help", data={"text": "x" * 1001}).status_code == 422
    page = payer.browser.post(f"{path}/help", data={"text": "Wrong <b>plan</b>?"})
    assert "A person at A will answer" in page.text
    company = payer.company
    with company.application.tenant(company.connection.tenant) as rows:
        (task,) = rows.execute("select instruction, done_at from recovery_tasks").fetchall()
    assert task == {"instruction": "The payer asks: Wrong <b>plan</b>?", "done_at": None}
    company.run_until(RENEWED + timedelta(days=12), timedelta(days=6))
    assert company.episode()["state"] == "paused"
    assert len(payer.mails("gil@payer.example")) == 1


def test_one_click_ends_all_further_messages_there(payer: Payer) -> None:
    payer.owes(*[SOFT] * 9, email="hal@payer.example")
    (mail,) = payer.mails("hal@payer.example")
    stop = mail["List-Unsubscribe"].strip("<>").removeprefix(payer.host)
    # Looking at it, as scanners do, ends nothing; a mail client's one click has no cookie.
    assert "Stop these reminders?" in payer.browser.get(stop).text
    assert _suppressions(payer.company) == []
    for _ in range(2):
        page = payer.browser.post(stop, data={"List-Unsubscribe": "One-Click"})
        assert "Reminders stopped" in page.text
    assert _suppressions(payer.company) == [
        {"address_hash": address_hash("HAL@payer.example"), "reason": "unsubscribed"}
    ]
    payer.company.run_until(RENEWED + timedelta(days=4), timedelta(days=2))
    assert len(payer.mails("hal@payer.example")) == 1
    assert payer.company.actions() == [("message", "done"), ("message", "skipped")]


class _Refusing:
    """A relay whose mailboxes are all gone."""

    async def handle_RCPT(self, *_: object) -> str:  # noqa: N802
        return "550 5.1.1 no such user"


def test_a_mailbox_that_is_gone_is_not_written_to_again(payer: Payer) -> None:
    controller = Controller(_Refusing(), hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        port = controller.port
        sender = payer.company.parts.senders["email"]
        relay = replace(sender.mailer, _url=sender.mailer._url._replace(netloc=f"127.0.0.1:{port}"))
        payer.company.parts = replace(
            payer.company.parts,
            senders={**payer.company.parts.senders, "email": replace(sender, mailer=relay)},
        )
        payer.owes(SOFT, email="ida@payer.example")
    finally:
        controller.stop()
    assert _suppressions(payer.company) == [
        {"address_hash": address_hash("ida@payer.example"), "reason": "bounced"}
    ]
    assert payer.company.actions() == [("message", "skipped")]


def test_a_token_opens_its_own_purpose_while_it_lasts(payer: Payer) -> None:
    payer.owes(SOFT, email="jo@payer.example")
    (mail,) = payer.mails("jo@payer.example")
    stop = mail["List-Unsubscribe"].strip("<>").removeprefix(payer.host)
    pay = payer.path("jo@payer.example")
    ended = replace(_link_of(payer.company), expires_at=utc_now() - timedelta(seconds=1))
    with payer.company.application.tenant(payer.company.connection.tenant) as rows:
        old = make_link(rows, ended, secret=payer.secret, now=utc_now())
        kept = rows.execute("select encode(token_hash, 'escape') as h from recovery_links")
        assert all(pay.split("/")[-1] not in row["h"] for row in kept)
    for path in (
        stop.removesuffix("/unsubscribe"), f"{pay}/unsubscribe", f"/r/{old}", "/r/unknown",
        f"/r/{'x' * 5000}", "/r/%00",
    ):  # fmt: skip
        page = payer.browser.get(path, headers={"Accept-Language": "fr-CH, fr;q=0.9"})
        assert page.status_code == 404
        assert "plus valable" in page.text


def test_guessing_tokens_does_not_get_far(payer: Payer) -> None:
    answers = [payer.browser.get(f"/r/guess{number}").status_code for number in range(70)]
    assert set(answers) == {404, 429}


def _move_stripe(company: Company, address: str) -> None:
    with company.application.tenant(company.connection.tenant) as rows:
        rows.execute("update connections set api_url = %s", [address])


def _link_of(company: Company) -> Link:
    return Link(
        workspace_id=company.workspace_id,
        purpose="pay",
        episode_id=company.episode()["id"],
        language="en",
        channel="email",
        address_hash="",
        expires_at=utc_now() + timedelta(days=1),
    )


def _suppressions(company: Company) -> list[dict[str, str]]:
    with company.application.tenant(company.connection.tenant) as rows:
        found = rows.execute("select address_hash, reason from recovery_suppressions")
        return found.fetchall()
