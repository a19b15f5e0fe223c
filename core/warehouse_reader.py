"""What may the API do in ClickHouse? Read, as a user of its own; here is the SQL that makes it.

The API needs no more than SELECT in the four databases, and settings of its own with each query
(the workspace filter, a time limit), which `readonly = 2` allows while it forbids everything that
writes. A user without grants on sources cannot reach addresses through table functions either.
Run by `oppulence migrate` when a reader's URL is set; the embedded engine has one user alone.
"""

import hashlib
import re
from urllib.parse import unquote, urlsplit

from core.errors import ConfigurationError
from core.settings import Settings
from core.warehouse import Warehouse

READABLE = ("raw", "staging", "unified", "marts")
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def prepare_reader(settings: Settings, warehouse: Warehouse) -> None:
    """Create the user of `clickhouse_reader_url` with its rights, or bring it up to date.

    Raises:
        ConfigurationError: The URL names no user fit for this.
        WarehouseQueryError: The migrating user may not manage users.
    """
    url = urlsplit(settings.required("clickhouse_reader_url"))
    writer = urlsplit(settings.required("clickhouse_url")).username or "default"
    name, password = unquote(url.username or ""), unquote(url.password or "")
    if not _NAME.fullmatch(name) or not password or name == unquote(writer):
        raise ConfigurationError(
            "OPPULENCE_CLICKHOUSE_READER_URL must name a user of its own and its password.",
            next_step="Use http://oppulence_reader:PASSWORD@HOST:8123.",
        )
    for statement in reader_statements(name, password, cluster=settings.clickhouse_cluster):
        warehouse.command(statement)


def reader_statements(name: str, password: str, *, cluster: str = "") -> list[str]:
    """Return the statements, repeatable. They hold the password's hash, never the password."""
    everywhere = f" on cluster '{cluster}'" if cluster else ""
    digest = hashlib.sha256(password.encode()).hexdigest().upper()
    return [
        f"create user if not exists {name}{everywhere}",
        f"alter user {name}{everywhere} identified with sha256_hash by '{digest}'"
        " settings readonly = 2",
        *(f"grant{everywhere} select on {database}.* to {name}" for database in READABLE),
    ]
