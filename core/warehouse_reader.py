"""Who may read ClickHouse, and nothing else? The API and analysts, each as a user of their own.

The API needs no more than SELECT in the four databases (and to see which parts they have), and
settings of its own with each query (the workspace filter, a time limit), which `readonly = 2`
allows while it forbids everything that writes. Analysts need what the models made, not the
providers' raw bodies, and may take a bounded share of the server. A user without grants on sources
cannot reach addresses through table functions either. Both see every workspace: the API's filter is
its own, and analysts are the operator's.

Run by `oppulence migrate` for each whose URL is set; the embedded engine has one user alone.
"""

import hashlib
import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from core.errors import ConfigurationError
from core.settings import Settings
from core.warehouse import Warehouse

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")


@dataclass(frozen=True, slots=True)
class Reader:
    """A user that reads.

    Attributes:
        what: Whose it is, in words.
        setting: The setting that holds its URL.
        databases: What it may read.
        limits: What else holds of its queries, as ClickHouse's settings.
        catalogue: What it may see of ClickHouse's own tables, of what it may read.
    """

    what: str
    setting: str
    databases: tuple[str, ...]
    limits: str = ""
    catalogue: tuple[str, ...] = ()


API = Reader(
    "the API's user",
    "clickhouse_reader_url",
    ("raw", "staging", "unified", "marts"),
    catalogue=("system.parts",),  # whether anything has changed: serving.states
)
ANALYSTS = Reader(
    "the analysts' user",
    "clickhouse_analyst_url",
    ("staging", "unified", "marts"),
    ", max_execution_time = 300 max 300, max_memory_usage = 4000000000 max 4000000000",
)
READERS = (API, ANALYSTS)


def readers_of(settings: Settings) -> list[Reader]:
    """Return the users whose URL is set."""
    return [reader for reader in READERS if getattr(settings, reader.setting) is not None]


def prepare_reader(settings: Settings, warehouse: Warehouse, reader: Reader) -> None:
    """Create a user with its rights, or bring it up to date.

    Raises:
        ConfigurationError: The URL names no user fit for this.
        WarehouseQueryError: The migrating user may not manage users.
    """
    url = urlsplit(settings.required(reader.setting))
    taken = {
        unquote(urlsplit(settings.required(setting)).username or "default")
        for setting in ("clickhouse_url", *(r.setting for r in readers_of(settings)))
        if setting != reader.setting
    }
    name, password = unquote(url.username or ""), unquote(url.password or "")
    if not _NAME.fullmatch(name) or not password or name in taken:
        raise ConfigurationError(
            f"OPPULENCE_{reader.setting.upper()} must name a user of its own and its password.",
            next_step="Use http://NAME:PASSWORD@HOST:8123, another NAME for each.",
        )
    for statement in reader_statements(reader, name, password, cluster=settings.clickhouse_cluster):
        warehouse.command(statement)


def reader_statements(reader: Reader, name: str, password: str, *, cluster: str = "") -> list[str]:
    """Return the statements, repeatable. They hold the password's hash, never the password."""
    everywhere = f" on cluster '{cluster}'" if cluster else ""
    digest = hashlib.sha256(password.encode()).hexdigest().upper()
    return [
        f"create user if not exists {name}{everywhere}",
        f"alter user {name}{everywhere} identified with sha256_hash by '{digest}'"
        f" settings readonly = 2{reader.limits}",
        *(f"grant{everywhere} select on {database}.* to {name}" for database in reader.databases),
        *(f"grant{everywhere} select on {table} to {name}" for table in reader.catalogue),
    ]
