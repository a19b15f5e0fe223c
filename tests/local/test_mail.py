"""Does the embedded relay take real messages, show them, keep them and end when told?"""

import signal
import stat
import subprocess
import time
from email import message_from_bytes
from email.policy import default

import pytest
from pydantic import SecretStr

from core.mail import Mailer, MailNotSentError
from core.settings import Settings
from local.mail.part import mail_folder, mail_part, mail_url
from local.mail.relay import KEPT_MESSAGES
from local.ports import free_port
from tests.mailbox import Mailbox


def test_the_part_delivers_into_its_folder_and_says_so(data_dir):
    settings, port = Settings(data_dir=data_dir), free_port()
    part = mail_part(settings, port)
    with subprocess.Popen(
        part.command, env=dict(part.environment), stdout=subprocess.PIPE, text=True
    ) as process:
        deadline = time.monotonic() + 60
        while not part.probe():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        Mailer.connect(settings.model_copy(update={"smtp_url": SecretStr(mail_url(port))})).send(
            "ada@example.com", "Größe", "Open http://127.0.0.1:8000/invitation?token=abc now.\n"
        )
        assert process.stdout is not None
        said = [process.stdout.readline().rstrip() for _ in range(3)]
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    (path,) = mail_folder(settings).iterdir()
    assert said == [
        "to ada@example.com: Größe",
        "  http://127.0.0.1:8000/invitation?token=abc",
        f"  whole message: {path}",
    ]
    message = message_from_bytes(path.read_bytes(), policy=default)
    assert (message["To"], message["Subject"]) == ("ada@example.com", "Größe")
    assert message["Auto-Submitted"] == "auto-generated"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_newest_messages_are_kept(mailbox: Mailbox):
    for number in range(KEPT_MESSAGES + 1):
        (mailbox.folder / f"19990101T000000{number:06}-x.eml").write_bytes(b"To: old@b.c\n\n")
    settings = Settings(smtp_url=SecretStr(mailbox.url))
    Mailer.connect(settings).send("new@b.c", "new", "new")
    kept = sorted(mailbox.folder.glob("*.eml"))
    assert len(kept) == KEPT_MESSAGES
    assert len(mailbox.messages("new@b.c")) == 1
    for path in kept:
        if path.name.startswith("1999"):
            path.unlink()


@pytest.mark.parametrize("url", [None, "smtp://127.0.0.1:1"])
def test_without_a_relay_nothing_is_sent_and_it_is_said(url):
    settings = Settings(smtp_url=SecretStr(url) if url else None)
    with pytest.raises(MailNotSentError):
        Mailer.connect(settings).send("a@b.c", "x", "x")


def test_no_header_can_be_smuggled_in(mailbox: Mailbox):
    settings = Settings(smtp_url=SecretStr(mailbox.url))
    with pytest.raises(ValueError, match="line"):
        Mailer.connect(settings).send("a@b.c", "x\r\nBcc: eve@b.c", "x")
    with pytest.raises(ValueError, match="line"):
        Mailer.connect(settings).send("a@b.c\r\nBcc: eve@b.c", "x", "x")


def test_a_relay_that_wants_a_password_it_cannot_check_is_an_error(mailbox: Mailbox):
    url = mailbox.url.replace("//", "//user:secret@")
    with pytest.raises(MailNotSentError, match="SMTP"):
        Mailer.connect(Settings(smtp_url=SecretStr(url))).send("a@b.c", "x", "x")
