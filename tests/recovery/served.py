"""The real API, running on a free port for as long as a test needs it."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import uvicorn

from core.settings import Settings
from serving.app import create_app
from serving.server import configure_server


@contextmanager
def serving(settings: Settings) -> Iterator[str]:
    """Run the real API on its public URL's port, or a free one, until the block ends."""
    listening = socket.create_server(("127.0.0.1", urlsplit(settings.public_url).port or 0))
    server = uvicorn.Server(configure_server(create_app(settings)))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(60)
