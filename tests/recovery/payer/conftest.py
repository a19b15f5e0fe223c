"""A company that mails, and whoever owes it: with a mailbox, a browser, and the pages served."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import httpx
import pytest
from pydantic import SecretStr

from core.mail import Mailer
from local.ports import free_port
from recovery.channels.mail import MailSender
from recovery.channels.writing import Writer
from tests.recovery.conftest import Company
from tests.recovery.flow_documents import DAYS_2, END, steps
from tests.recovery.served import serving

SOFT, HARD = "insufficient_funds", "lost_card"
# Writes, rests for two days, tries again.
WRITES = {
    "first": {"kind": "message", "template": "payment_failed", "tone": "friendly", "next": "rest"},
    "rest": {"kind": "wait", "until": DAYS_2, "next": "second"},
    "second": {"kind": "message", "template": "reminder", "next": "over"},
    "over": END,
}


@dataclass
class Payer:
    """A company that mails, and the browser of whoever owes it."""

    company: Company
    mailbox: object
    browser: httpx.Client
    host: str
    secret: str

    def owes(self, *script: str | None, **customer: object) -> dict[str, str]:
        self.company.publish(steps(**WRITES))
        buyer = self.company.subscriber(*script, **customer)
        self.company.renew()
        return buyer

    def mails(self, address: str) -> list:
        return self.mailbox.messages(address)

    def path(self, address: str) -> str:
        """The page's path in the newest message to an address."""
        body = self.mails(address)[-1].get_body(("plain",)).get_content()
        return re.search(self.host + r"(/r/[\w-]+)", body)[1]


@pytest.fixture
def payer(company: Company, one_clock, mailbox, postgres) -> Iterator[Payer]:
    settings = postgres.model_copy(
        update={
            "smtp_url": SecretStr(mailbox.url),
            # Where Stripe's page leads back to.
            "public_url": f"http://127.0.0.1:{free_port()}",
            "mail_from": "Oppulence <billing@oppulence.example>",
            "clickhouse_url": SecretStr("http://127.0.0.1:9"),
        }
    )
    secret = settings.required("api_key_secret")
    with serving(settings) as host:
        company.parts = replace(
            company.parts, writer=Writer(host, settings.mail_from, secret),
            senders={**company.parts.senders, "email": MailSender(Mailer.connect(settings))},
        )  # fmt: skip
        with httpx.Client(base_url=host, timeout=30) as browser:
            yield Payer(company, mailbox, browser, host, secret)
