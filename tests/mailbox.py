"""Where does mail go in tests? Through a real SMTP exchange into the embedded relay's folder."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from local.mail.part import mail_url
from local.mail.relay import serve


@dataclass(frozen=True)
class Mailbox:
    """A running relay."""

    url: str
    folder: Path
    said: list[str]
    # By file, to whom and what: a room writes hundreds, and each was read again at every look.
    _read: dict[Path, tuple[str, EmailMessage]] = field(default_factory=dict)

    def messages(self, address: str) -> list[EmailMessage]:
        """Return the messages to an address, oldest first."""
        there = sorted(self.folder.glob("*.eml"))
        for path in there:
            if path not in self._read:
                message = message_from_bytes(path.read_bytes(), policy=default)
                self._read[path] = (str(message["To"]), message)
        found = (self._read[path] for path in there)
        return [message for to, message in found if to == address.lower()]

    def newest(self, address: str) -> str:
        """Return the text of the newest message to an address."""
        message = self.messages(address)[-1]
        body = message.get_body(("plain",))
        assert body is not None
        return str(body.get_content()).replace("\r\n", "\n")


@contextmanager
def running_mailbox(folder: Path) -> Iterator[Mailbox]:
    """Run the relay on a free port until the block ends."""
    loop, ready, ports, said = asyncio.new_event_loop(), threading.Event(), [], []
    stopping = asyncio.Event()

    async def run() -> None:
        async with serve(folder, 0, said.append) as server:
            ports.append(server.sockets[0].getsockname()[1])
            ready.set()
            await stopping.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=[run()])
    thread.start()
    assert ready.wait(30)
    try:
        yield Mailbox(mail_url(ports[0]), folder, said)
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join(30)
        loop.close()
