"""What does the embedded relay do with a message? A file in its folder, and a line that shows it.

For one machine without a mail server: nothing leaves it. The line has the subject and any link, so
that whoever runs `make up` reads a sign-in code or an invitation off the terminal. The newest 200
messages are kept.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from core.clock import utc_now
from core.tenancy import new_id
from local.ports import LOOPBACK

KEPT_MESSAGES = 200
MESSAGE_BYTES = 1_000_000
_LINK = re.compile(r"https?://\S+")


class Folder:
    """Takes messages, as aiosmtpd hands them over."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        """Write to `folder`, and tell `say` of each message."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder, self._say = folder, say

    async def handle_DATA(  # noqa: N802 (aiosmtpd's name)
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Keep one message."""
        content = envelope.content
        assert isinstance(content, bytes)
        moment = utc_now().strftime("%Y%m%dT%H%M%S%f")
        path = self._folder / f"{moment}-{new_id('mail')[-6:]}.eml"
        draft = path.with_suffix(".new")
        draft.write_bytes(content)
        draft.chmod(0o600)
        draft.rename(path)
        for old in sorted(self._folder.glob("*.eml"))[:-KEPT_MESSAGES]:
            old.unlink(missing_ok=True)
        for line in _shown(content, envelope.rcpt_tos):
            self._say(line)
        self._say(f"  whole message: {path}")
        return "250 OK"


@asynccontextmanager
async def serve(
    folder: Path, port: int, say: Callable[[str], None]
) -> AsyncIterator[asyncio.Server]:
    """Take messages on loopback until the block ends."""
    handler = Folder(folder, say)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(handler, data_size_limit=MESSAGE_BYTES, hostname="localhost", loop=loop),
        host=LOOPBACK,
        port=port,
    )
    async with server:
        yield server


def _shown(content: bytes, recipients: list[str]) -> list[str]:
    message = message_from_bytes(content, policy=default)
    body = message.get_body(("plain",))
    text = body.get_content() if body is not None else ""
    said = [f"to {', '.join(recipients)}: {message['Subject']}"]
    return said + [f"  {link}" for link in _LINK.findall(text)]
