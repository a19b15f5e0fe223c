"""How does the embedded ClickHouse run? Our gateway over chDB, a process that owns the folder."""

import sys

from core.settings import Settings
from local.ports import LOOPBACK, answers_http
from local.process import Part


def clickhouse_url(port: int) -> str:
    """Return the setting that points at the embedded gateway."""
    return f"http://default@{LOOPBACK}:{port}"


def clickhouse_part(settings: Settings, port: int) -> Part:
    """Describe the gateway."""
    folder = settings.data_dir / "clickhouse"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Part(
        name="clickhouse",
        command=(
            sys.executable,
            *("-m", "local.clickhouse", "--path", str(folder)),
            *("--host", LOOPBACK, "--port", str(port)),
        ),
        environment=settings.inherited_environment(),
        probe=lambda: answers_http(port, "/ping"),
        address=f"http://{LOOPBACK}:{port}",
        stop_seconds=35.0,  # it lets running queries end, for up to 30 s
        is_engine=True,
    )
