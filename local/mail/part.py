"""How does the embedded relay run under the supervisor?"""

import smtplib
import sys
from pathlib import Path

from core.settings import Settings
from local.ports import LOOPBACK, PROBE_SECONDS
from local.process import Part


def mail_url(port: int) -> str:
    """Return the setting that points at the embedded relay."""
    return f"smtp://{LOOPBACK}:{port}"


def mail_folder(settings: Settings) -> Path:
    """Return where messages are written."""
    return settings.data_dir / "mail"


def mail_part(settings: Settings, port: int) -> Part:
    """Describe the relay."""
    return Part(
        name="mail",
        command=(
            *(sys.executable, "-m", "local.mail"),
            *("--folder", str(mail_folder(settings)), "--port", str(port)),
        ),
        environment=settings.inherited_environment(),
        probe=lambda: _answers(port),
        address=mail_url(port),
    )


def _answers(port: int) -> bool:
    try:
        with smtplib.SMTP(LOOPBACK, port, timeout=PROBE_SECONDS) as relay:
            return relay.noop()[0] == 250
    except (OSError, smtplib.SMTPException):
        return False
