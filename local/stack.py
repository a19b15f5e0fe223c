"""Which engines does a command use? Those that settings name; else live ones; else our own.

    with running_engines(settings) as complete: ...

`complete` has every URL and key set. A live stack on the same data folder is joined, so that two
commands share one set of engines; otherwise the embedded engines start side by side on free ports
and stop at the end. Nothing is lost and nothing stays behind, however this process ends
(`local.lifeline`).
"""

import sys
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from pydantic import SecretStr

from core.errors import ConfigurationError, ConflictError, EngineUnavailableError
from core.settings import Settings
from local.credentials import Credentials, load_credentials
from local.gateway import clickhouse_part, clickhouse_url
from local.lease import Lease, LiveStack, claim, joined
from local.lifeline import Lifeline
from local.mail.part import mail_part, mail_url
from local.ports import free_port, usual_port
from local.postgres import create_database, database_urls, postgres_part
from local.process import LineSink, Part
from local.redis import redis_part, redis_url
from local.supervisor import Supervisor

ENGINES = ("clickhouse", "postgres", "redis")
# What runs under `oppulence up` besides; a single command needs no mail.
STACK = (*ENGINES, "mail")
WAREHOUSE_DATABASES = ("raw", "staging", "unified", "marts")
_DATABASE_URLS = (
    "database_url", "database_owner_url", "database_system_url", "dagster_database_url"
)  # fmt: skip
_LOG_LIMIT_BYTES = 10_000_000

Prepare = Callable[[Settings], None]


def embedded_engines(settings: Settings, needed: Collection[str] = ENGINES) -> tuple[str, ...]:
    """Return the needed engines that no setting places elsewhere."""
    external = {
        "clickhouse": settings.clickhouse_url,
        "postgres": next((getattr(settings, name) for name in _DATABASE_URLS if
                          getattr(settings, name)), None),
        "redis": settings.redis_url,
        "mail": settings.smtp_url,
    }  # fmt: skip
    return tuple(name for name, url in external.items() if url is None and name in needed)


def complete_settings(
    settings: Settings, credentials: Credentials, ports: Mapping[str, int]
) -> Settings:
    """Fill in what is not set: the URLs of the engines on `ports`, and the keys."""
    urls: dict[str, str] = {}
    if "clickhouse" in ports:
        urls["clickhouse_url"] = clickhouse_url(ports["clickhouse"])
    if "postgres" in ports:
        urls |= database_urls(credentials, ports["postgres"])
    if "redis" in ports:
        urls["redis_url"] = redis_url(credentials, ports["redis"])
    if "mail" in ports:
        urls["smtp_url"] = mail_url(ports["mail"])
    if settings.encryption_keys is None:
        urls["encryption_keys"] = credentials.encryption_key
    if settings.api_key_secret is None:
        urls["api_key_secret"] = credentials.api_key_secret
    return settings.model_copy(update={name: SecretStr(url) for name, url in urls.items()})


def engine_parts(
    settings: Settings, credentials: Credentials, ports: Mapping[str, int]
) -> list[Part]:
    """Describe the embedded engines that `ports` names."""
    makers: dict[str, Callable[[int], Part]] = {
        "clickhouse": lambda port: clickhouse_part(settings, port),
        "postgres": lambda port: postgres_part(settings, credentials, port),
        "redis": lambda port: redis_part(settings, credentials, port),
        "mail": lambda port: mail_part(settings, port),
    }
    return [makers[name](port) for name, port in ports.items()]


def prepare_engines(settings: Settings, names: tuple[str, ...]) -> None:
    """Bring embedded engines to the present schema: Postgres migrated, databases created."""
    # Imported here: the supervisor of `oppulence up` stays small by leaving this to a child.
    from core.bootstrap import prepare_database
    from core.warehouse import Warehouse

    if "postgres" in names:
        prepare_database(settings)
    if "clickhouse" in names:
        warehouse = Warehouse.connect(settings, pool_size=1)
        try:
            for database in WAREHOUSE_DATABASES:
                warehouse.command(f"create database if not exists {database}")
        finally:
            warehouse.close()


@contextmanager
def running_engines(
    settings: Settings,
    *,
    needed: Collection[str] = ENGINES,
    prepare: Prepare | None = None,
    command: str = "",
) -> Iterator[Settings]:
    """Yield settings with every engine running and every key set.

    Args:
        settings: As read from the environment.
        needed: The engines to have; the URLs of others stay unset.
        prepare: Called with the complete settings when embedded engines were started here, after
            their own schema is there (raw tables, for which `local` does not know enough).
        command: What to tell others about this process.

    Raises:
        ConfigurationError: Postgres is external and the keys to what it holds are not set.
        EngineUnavailableError: An engine does not start or does not answer.
    """
    names = embedded_engines(settings, needed)
    if "postgres" in needed and "postgres" not in names:
        require_keys(settings)
    if not names:
        yield settings
        return
    while True:
        claimed = claim(settings.data_dir)
        if isinstance(claimed, Lease):
            with _owned(settings, claimed, names, command, prepare) as complete:
                yield complete
            return
        with joined(settings.data_dir, claimed) as is_joined:
            if is_joined:
                yield _attached(settings, claimed, names)
                return


def require_keys(settings: Settings) -> None:
    """Refuse to seal credentials in a lasting database with a key that lives in a local folder.

    Raises:
        ConfigurationError: A key is missing.
    """
    for name in ("encryption_keys", "api_key_secret"):
        if getattr(settings, name) is None:
            raise ConfigurationError(
                f"OPPULENCE_{name.upper()} must be set when Postgres is not the embedded one.",
                next_step="Make one with `oppulence doctor --new-key` and keep it safe.",
            )


def _attached(settings: Settings, live: LiveStack, names: tuple[str, ...]) -> Settings:
    missing = [name for name in names if name not in live.ports]
    if missing:
        raise ConflictError(
            f"The running stack (process {live.pid}) has no {' and no '.join(missing)} of its own.",
            next_step="Give this command the same settings as that one.",
        )
    credentials = load_credentials(settings.data_dir)
    ports = {name: live.ports[name] for name in names}
    for part in engine_parts(settings, credentials, ports):
        if not part.probe():
            raise EngineUnavailableError(
                f"{part.name} of the running stack (process {live.pid}) does not answer.",
                next_step="Look at its output, or stop that process and try again.",
            )
    return complete_settings(settings, credentials, ports)


@contextmanager
def _owned(
    settings: Settings,
    lease: Lease,
    names: tuple[str, ...],
    command: str,
    prepare: Prepare | None,
) -> Iterator[Settings]:
    ports = {name: free_port() for name in names}
    if "clickhouse" in ports:
        ports["clickhouse"] = usual_port(settings.data_dir)
    with log_files(settings.data_dir / "logs") as sink_of:
        lifeline = Lifeline(inherited=[lease.descriptor])
        supervisor = Supervisor(
            lifeline,
            sink_of=sink_of,
            report=lambda _part, _text: None,
            stopping=threading.Event(),
            forced=threading.Event(),
        )
        try:
            complete = start_engines(settings, supervisor, ports)
            prepare_engines(complete, names)
            if prepare is not None:
                prepare(complete)
            lease.publish(command, ports, {})
            yield complete
            lease.withdraw(on_wait=lambda: _say_waiting(settings.data_dir))
        finally:
            lease.withdraw()
            supervisor.stop()
            lifeline.close()
            lease.release()


def start_engines(settings: Settings, supervisor: Supervisor, ports: Mapping[str, int]) -> Settings:
    """Start the embedded engines of `ports` and return the complete settings."""
    credentials = load_credentials(settings.data_dir)
    supervisor.start(engine_parts(settings, credentials, ports))
    if "postgres" in ports:
        create_database(credentials, ports["postgres"])
    return complete_settings(settings, credentials, ports)


@contextmanager
def log_files(folder: Path) -> Iterator[Callable[[str], LineSink]]:
    """Yield sinks that append each part's lines to its file, cut when it has grown too long."""
    folder.mkdir(mode=0o700, exist_ok=True)
    files: list[IO[str]] = []

    def sink_of(part: str) -> LineSink:
        path = folder / f"{part}.log"
        mode = "w" if path.exists() and path.stat().st_size > _LOG_LIMIT_BYTES else "a"
        file = path.open(mode, encoding="utf-8", buffering=1)
        files.append(file)
        return lambda line: print(line, file=file)

    try:
        yield sink_of
    finally:
        for file in files:
            file.close()


def _say_waiting(data_dir: Path) -> None:
    print(f"Waiting for another command that uses {data_dir}…", file=sys.stderr)  # noqa: T201
