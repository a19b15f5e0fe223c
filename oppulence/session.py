"""What does every command begin with? Settings, logs, and engines that answer."""

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from core.connections import ConnectionStore
from core.database import Database
from core.errors import NotFoundError
from core.logs import configure_logging
from core.secrets import SecretBox
from core.settings import Settings, load_settings
from local.stack import ENGINES, embedded_engines, running_engines


@contextmanager
def command_session(
    command: str, *, needed: Collection[str] = ENGINES, is_reading: bool = False
) -> Iterator[Settings]:
    """Yield settings under which every needed engine answers; `command` is told to others.

    Raises:
        NotFoundError: It is for reading what is there, and no data folder is.
    """
    settings = load_settings()
    if is_reading:
        require_data(settings, needed)
    configure_logging(settings)
    for chatty in ("alembic", "httpx"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    with running_engines(settings, needed=needed, command=f"oppulence {command}") as complete:
        yield complete


def require_data(settings: Settings, needed: Collection[str]) -> None:
    """Refuse to make empty databases for a command that only reads: it is in the wrong folder.

    Raises:
        NotFoundError: Engines of this machine are needed, and none has left anything.
    """
    own = embedded_engines(settings, needed)
    if own and not any((settings.data_dir / name).is_dir() for name in own):
        raise NotFoundError(
            f"There is no data in {settings.data_dir}.",
            next_step="Run this where `oppulence up` or `oppulence demo` ran, or set"
            " OPPULENCE_DATA_DIR to its folder .oppulence.",
        )


@contextmanager
def connection_store(settings: Settings, role: str = "application") -> Iterator[ConnectionStore]:
    """Open the store of connections under a role of Postgres."""
    database = Database.connect(settings, role=role, size=2)
    try:
        yield ConnectionStore(database, SecretBox.from_keys(settings.required("encryption_keys")))
    finally:
        database.close()
