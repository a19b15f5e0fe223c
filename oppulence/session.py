"""What does every command begin with? Settings, logs, and engines that answer."""

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from core.connections import ConnectionStore
from core.database import Database
from core.logs import configure_logging
from core.secrets import SecretBox
from core.settings import Settings, load_settings
from local.stack import ENGINES, running_engines


@contextmanager
def command_session(command: str, *, needed: Collection[str] = ENGINES) -> Iterator[Settings]:
    """Yield settings under which every needed engine answers; `command` is told to others."""
    settings = load_settings()
    configure_logging(settings)
    for chatty in ("alembic", "httpx"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    with running_engines(settings, needed=needed, command=f"oppulence {command}") as complete:
        yield complete


@contextmanager
def connection_store(settings: Settings, role: str = "application") -> Iterator[ConnectionStore]:
    """Open the store of connections under a role of Postgres."""
    database = Database.connect(settings, role=role, size=2)
    try:
        yield ConnectionStore(database, SecretBox.from_keys(settings.required("encryption_keys")))
    finally:
        database.close()
