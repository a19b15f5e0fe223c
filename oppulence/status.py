"""How is the platform doing? Connections, what they landed, how fresh it is, and what runs."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import psutil

from core.clock import utc_now
from core.connections import Connection
from core.database import Database
from core.settings import Settings
from core.warehouse import Warehouse
from local.lease import LiveStack, read_live
from oppulence.output import print_json, print_line, print_table
from oppulence.session import command_session, connection_store


@dataclass(frozen=True, slots=True)
class ConnectionState:
    """One connection and what it landed.

    Attributes:
        newest_at: When its newest raw row was extracted.
        lag_seconds: How long ago its last sync ended, or its newest row came, whichever is later.
        objects: Objects present per raw table.
    """

    workspace: str
    id: str
    provider: str
    name: str
    status: str
    reason: str
    last_synced_at: datetime | None
    newest_at: datetime | None
    lag_seconds: int | None
    objects: dict[str, int] = field(default_factory=dict)


def show_status(*, as_json: bool) -> None:
    """Print the platform's state."""
    with command_session("status", needed=["clickhouse", "postgres"], is_reading=True) as settings:
        with connection_store(settings, role="system") as store:
            connections = store.all()
        events = inbox_figures(settings)
        warehouse = Warehouse.connect(settings, pool_size=1)
        try:
            states = connection_states(warehouse, connections, now=utc_now())
        finally:
            warehouse.close()
        live = read_live(settings.data_dir)
        parts = running_parts(live, settings)
    if as_json:
        told = [asdict(state) for state in states]
        print_json({"connections": told, "parts": parts, "events": events})
    else:
        _print(states, parts)
        _print_events(events)


def inbox_figures(settings: Settings) -> dict[str, float]:
    """Return what the worker tells of the inbox: what waits, for how long, what failed."""
    database = Database.connect(settings, role="system", size=1)
    try:
        with database.system() as rows:
            found = rows.execute(
                "select name, label, value from engine_figures order by name, label"
            ).fetchall()
    finally:
        database.close()
    return {" ".join(filter(None, (row["name"], row["label"]))): row["value"] for row in found}


def connection_states(
    warehouse: Warehouse, connections: list[Connection], *, now: datetime
) -> list[ConnectionState]:
    """Join each connection with what the raw tables hold of it."""
    held = _held(warehouse)
    return [_state(connection, held.get(connection.id, {}), now) for connection in connections]


def _state(
    connection: Connection, held: dict[str, tuple[int, datetime]], now: datetime
) -> ConnectionState:
    newest_at = max((newest for _, newest in held.values()), default=None)
    known = [moment for moment in (connection.last_synced_at, newest_at) if moment is not None]
    return ConnectionState(
        workspace=str(connection.tenant),
        id=connection.id,
        provider=connection.provider,
        name=connection.name,
        status=connection.status,
        reason=connection.status_reason,
        last_synced_at=connection.last_synced_at,
        newest_at=newest_at,
        lag_seconds=int((now - max(known)).total_seconds()) if known else None,
        objects={table: count for table, (count, _) in sorted(held.items())},
    )


def _held(warehouse: Warehouse) -> dict[str, dict[str, tuple[int, datetime]]]:
    """Return objects and newest extraction per connection and raw table, in one query."""
    tables = [
        row["table"]
        for row in warehouse.rows(
            "select table from system.columns where database = 'raw' and name = 'payload'"
        )
    ]
    if not tables:
        return {}
    each = " union all ".join(
        f"select '{table}' as object, connection_id, count() as objects,"
        f" max(extracted_at) as newest_at from raw.{table} final group by connection_id"
        for table in tables
    )
    held: dict[str, dict[str, tuple[int, datetime]]] = {}
    for row in warehouse.rows(each):
        held.setdefault(row["connection_id"], {})[row["object"]] = (
            row["objects"],
            row["newest_at"],
        )
    return held


def running_parts(live: LiveStack | None, settings: Settings) -> list[dict[str, Any]]:
    """Return the parts of the running stack of this folder, with their memory."""
    if live is None:
        return []
    return [
        {"part": name, **told, "memory_megabytes": _memory(int(told["pid"]))}
        for name, told in live.parts.items()
    ]


def _memory(pid: int) -> int | None:
    """Return what a part and its children hold in memory, in megabytes."""
    try:
        process = psutil.Process(pid)
        return (
            sum(one.memory_info().rss for one in (process, *process.children(recursive=True)))
            // 1_000_000
        )
    except psutil.Error:
        return None


def _print(states: list[ConnectionState], parts: list[dict[str, Any]]) -> None:
    if parts:
        print_table(
            ("Part", "State", "Address", "MB"),
            [(p["part"], p["state"], p["address"], p["memory_megabytes"]) for p in parts],
        )
    else:
        print_line("Nothing runs now; `oppulence up` starts everything.")
    if not states:
        print_line("No provider is connected yet: `oppulence connect stripe`.")
    for state in states:
        print_line("")
        for line in described(state):
            print_line(line)
        if state.objects:
            print_table(("  Table", "Objects"), [(f"  {t}", n) for t, n in state.objects.items()])


def described(state: ConnectionState) -> list[str]:
    """Return the lines about one connection, each short enough for a narrow terminal.

    Reasons are the provider's words and as long as it likes.
    """
    lines = [
        f"{state.name} ({state.provider}): {state.status}",
        f"  {state.workspace} {state.id}",
        f"  last sync {_moment(state.last_synced_at)}, newest row {_moment(state.newest_at)},"
        f" lag {_lag(state.lag_seconds)}",
    ]
    return [*lines, f"  {state.reason}"] if state.reason else lines


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else "never"


def _print_events(events: dict[str, float]) -> None:
    if not events:
        return
    print_line("")
    print_table(
        ("Events", "postgres", "clickhouse"),
        [
            (title, *(f"{events.get(f'{name} {store}', 0):,.0f}"
                      for store in ("postgres", "clickhouse")))
            for name, title in (
                ("inbox_applied_total", "applied"), ("inbox_pending", "waiting"),
                ("inbox_lag_seconds", "lag, s"), ("inbox_retries", "tried again"),
                ("inbox_dead_letters", "dead letters"),
            )
        ],
    )  # fmt: skip


def _lag(seconds: int | None) -> str:
    if seconds is None:
        return "unknown"
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
