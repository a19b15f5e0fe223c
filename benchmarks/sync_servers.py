"""Which servers does `benchmarks.sync` compare? The faster peer, a bare endpoint, and ours.

Each runs as a process of its own until its block ends.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import psycopg

from benchmarks.sync_events import SECRET
from core.settings import Settings
from local.ports import free_port


@contextmanager
def peer(settings: Settings, peers: Path) -> Iterator[str]:
    """Run the faster peer behind its HTTP endpoint, on the same Postgres."""
    owner = settings.required("database_owner_url").rsplit("/", 1)[0]
    with psycopg.connect(settings.required("database_owner_url"), autocommit=True) as rows:
        if not rows.execute("select 1 from pg_roles where rolname = 'postgres'").fetchone():
            rows.execute("create role postgres")  # its migrations grant to this name
    environment = Settings().inherited_environment() | {
        "PG": owner.replace("postgresql://", "postgres://"), "SYNC_COMMIT": "on",
        "WHSEC": SECRET, "FIXTURES": str(peers / "stripe_fixtures3.json"), "ROOT": str(peers),
    }  # fmt: skip
    subprocess.run(
        ["node", "stripe_sync_bench.mjs", "supabase", "200", "1"], cwd=peers, env=environment,
        check=True, stdout=sys.stderr,
    )  # fmt: skip
    port = free_port()
    command = ["node", "stripe_sync_http.mjs", "supabase", str(port), "16"]
    with running(command, environment, cwd=peers, url=f"http://127.0.0.1:{port}/"):
        yield f"http://127.0.0.1:{port}/"


@contextmanager
def bare(settings: Settings) -> Iterator[str]:
    """Run our server with an endpoint that only verifies the signature and answers."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.bare_webhooks", str(port), SECRET]
    url = f"http://127.0.0.1:{port}/"
    with running(command, settings.child_environment(), url=url):
        yield url


@contextmanager
def api(settings: Settings) -> Iterator[psutil.Process]:
    """Run the API."""
    url = f"http://127.0.0.1:{settings.api_port}/health"
    command = [sys.executable, "-m", "serving"]
    with running(command, settings.child_environment(), url=url) as process:
        yield process


@contextmanager
def worker(settings: Settings) -> Iterator[psutil.Process]:
    """Run the worker."""
    command = [sys.executable, "-m", "oppulence", "worker"]
    with running(command, settings.child_environment()) as process:
        yield process


@contextmanager
def running(
    command: list[str], environment: dict[str, str], *, cwd: Path | None = None, url: str = ""
) -> Iterator[psutil.Process]:
    """Run a process until the block ends; wait until `url` answers, whatever it says."""
    with subprocess.Popen(command, env=environment, cwd=cwd, stdout=sys.stderr) as process:
        try:
            deadline = time.monotonic() + 120
            while url and time.monotonic() < deadline:
                try:
                    httpx.get(url, timeout=5)
                except httpx.TransportError:
                    time.sleep(0.1)
                else:
                    break
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(60)
