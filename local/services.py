"""What runs beside the engines? The platform's own processes, as parts, in phases.

Commands only: nothing of the other rooms is imported here. One code server loads the definitions;
webserver and daemon ask it, which spares two more copies of everything in memory.
"""

import json
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import psycopg

from core.settings import Settings
from local.ports import LOOPBACK, PROBE_SECONDS, FixedPort, answers_http, free_port
from local.process import Part

WORKER_SILENCE_SECONDS = 60.0
CODE_MODULE = "orchestration.definitions"


@dataclass(frozen=True, slots=True)
class DagsterPlace:
    """Where the Dagster processes find their instance and their code."""

    home: Path
    code_port: int


def fixed_ports(settings: Settings) -> list[FixedPort]:
    """Return the ports that people know, each with the setting that moves it."""
    return [
        FixedPort("API", settings.host, settings.api_port, "OPPULENCE_API_PORT"),
        FixedPort("Dagster", LOOPBACK, settings.dagster_port, "OPPULENCE_DAGSTER_PORT"),
        FixedPort("ClickHouse", LOOPBACK, settings.clickhouse_port, "OPPULENCE_CLICKHOUSE_PORT"),
        FixedPort("sandbox", LOOPBACK, settings.sandbox_port, "OPPULENCE_SANDBOX_PORT"),
    ]


def service_phases(settings: Settings, home: Path) -> list[list[Part]]:
    """Return the services in order: each phase needs those before it."""
    place = DagsterPlace(home, free_port())
    return [
        [api_part(settings), sandbox_part(settings), code_part(settings, place)],
        [webserver_part(settings, place), daemon_part(settings, place), worker_part(settings)],
    ]


def api_part(settings: Settings) -> Part:
    """The HTTP API."""
    return Part(
        name="api",
        command=_python("serving"),
        environment=_environment(settings),
        probe=lambda: answers_http(settings.api_port, "/ready", _reachable(settings.host)),
        address=f"http://{settings.host}:{settings.api_port}",
        stop_seconds=25.0,  # requests in flight are finished, for up to 20 s
    )


def sandbox_part(settings: Settings) -> Part:
    """The simulated Stripe."""
    return Part(
        name="sandbox",
        command=_python(
            *("sandbox", "--data", str(settings.data_dir / "sandbox")),
            *("--port", str(settings.sandbox_port)),
        ),
        environment=settings.inherited_environment(),
        probe=lambda: answers_http(settings.sandbox_port, "/_sandbox/health"),
        address=f"http://{LOOPBACK}:{settings.sandbox_port}",
        ready_seconds=120.0,
    )


def sandbox_key(settings: Settings) -> str:
    """Return the simulated account's key, which is no secret: the simulator tells everyone."""
    url = f"http://{LOOPBACK}:{settings.sandbox_port}/_sandbox/health"
    with urlopen(url, timeout=PROBE_SECONDS) as answer:
        return str(json.load(answer)["accounts"][0]["key"])


def code_part(settings: Settings, place: DagsterPlace) -> Part:
    """The one process that loads the definitions and starts runs."""
    return Part(
        name="code",
        command=_python(
            *("dagster", "api", "grpc", "-m", CODE_MODULE, "-h", LOOPBACK),
            *("-p", str(place.code_port), "--log-level", "warning"),
        ),
        environment=_dagster_environment(settings, place),
        probe=lambda: _listens(place.code_port),
        address=f"grpc://{LOOPBACK}:{place.code_port}",
        ready_seconds=180.0,  # the first start also parses the dbt project
    )


def webserver_part(settings: Settings, place: DagsterPlace) -> Part:
    """Dagster's user interface: on loopback whatever the API's host, since it has no login."""
    return Part(
        name="dagster",
        command=_python(
            *("dagster_webserver", "-h", LOOPBACK, "-p", str(settings.dagster_port)),
            *("--grpc-host", LOOPBACK, "--grpc-port", str(place.code_port)),
            *("--dagster-log-level", "warning", "--log-level", "warning"),
        ),
        environment=_dagster_environment(settings, place),
        probe=lambda: answers_http(settings.dagster_port, "/server_info"),
        address=f"http://{LOOPBACK}:{settings.dagster_port}",
        ready_seconds=120.0,
    )


def daemon_part(settings: Settings, place: DagsterPlace) -> Part:
    """Dagster's schedules, sensors and run queue."""
    started_at = time.time()
    return Part(
        name="daemon",
        command=_python(
            *("dagster._daemon", "run", "--grpc-host", LOOPBACK),
            *("--grpc-port", str(place.code_port), "--log-level", "warning"),
        ),
        environment=_dagster_environment(settings, place),
        probe=lambda: _daemon_beats(settings.required("dagster_database_url"), started_at),
        ready_seconds=120.0,
    )


def worker_part(settings: Settings) -> Part:
    """What follows the providers' events."""
    return Part(
        name="worker",
        command=_python("oppulence", "worker"),
        environment=_environment(settings),
        probe=lambda: is_worker_alive(settings),
    )


def worker_mark(settings: Settings) -> Path:
    """Return the file that the worker touches every few seconds while it follows events."""
    return settings.data_dir / "worker.alive"


def is_worker_alive(settings: Settings) -> bool:
    """Say whether a worker of this data folder has shown itself lately."""
    try:
        touched = worker_mark(settings).stat().st_mtime
        return time.time() - touched < WORKER_SILENCE_SECONDS
    except FileNotFoundError:
        return False


def _python(*words: str) -> tuple[str, ...]:
    # This interpreter, rather than a script of its folder: one place less to be missing.
    return (sys.executable, "-m", *words)


def _reachable(host: str) -> str:
    return LOOPBACK if host in {"", "0.0.0.0", "::"} else host  # noqa: S104


def _environment(settings: Settings) -> dict[str, str]:
    # glibc keeps up to eight heaps per core for threads; two hold an idle part a tenth smaller.
    return {"MALLOC_ARENA_MAX": "2", **settings.child_environment()}


def _dagster_environment(settings: Settings, place: DagsterPlace) -> dict[str, str]:
    return {**_environment(settings), "DAGSTER_HOME": str(place.home)}


def _listens(port: int) -> bool:
    try:
        with socket.create_connection((LOOPBACK, port), timeout=PROBE_SECONDS):
            return True
    except OSError:
        return False


def _daemon_beats(url: str, since: float) -> bool:
    """Say whether the daemon wrote a heartbeat since we described it, and lately."""
    try:
        with psycopg.connect(url, connect_timeout=2) as connection:
            found = connection.execute(
                "select 1 from daemon_heartbeats where extract(epoch from timestamp) > %s",
                [max(since, time.time() - 300)],
            ).fetchone()
    except psycopg.Error:
        return False
    return found is not None
