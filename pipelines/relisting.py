"""Does the warehouse hold everything that a provider lists? Asked for anew, and compared by day.

    the provider's own reader, without memory ─► ids by day ◄─ compare ─► raw.<provider>_<object>

A reader without memory lists everything of the days anew: what increments missed (a lost change, a
load that did not arrive, a removal that nobody reported) is on one side alone. What a provider's
lists leave out themselves shows on neither. Nothing is landed and no cursor moves.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

import msgspec

from core.clock import utc_now
from core.connections import Connection
from core.errors import ProviderError
from core.settings import Settings
from core.warehouse import Warehouse
from pipelines import registry
from pipelines.batches import Batch, drained
from pipelines.completeness import HASH_OF_IDS, DayVerdict, Tally, store_verdicts
from pipelines.raw import RawTable
from pipelines.reading import ProviderRun
from pipelines.window import Window

# Object to where its day stands in the payload.
Dated = Mapping[str, tuple[str, ...]]
_CHUNK_ROWS = 200_000
_HELD = f"""
with ifNull(JSONExtract(payload, {{path}}, 'Nullable(String)'), '') as told,
    toDate(if(startsWith(told, '/Date('),
        fromUnixTimestamp64Milli(toInt64OrZero(extract(told, '-?[0-9]+')), 'UTC'),
        parseDateTime64BestEffortOrNull(told, 3, 'UTC'))) as day
select assumeNotNull(day) as created_on, count() as objects, {HASH_OF_IDS} as hash
from {{table}} final
where workspace_id = {{{{workspace:String}}}} and connection_id = {{{{connection:String}}}}
    and told != '' and day >= {{{{since:Date}}}} and day < {{{{until:Date}}}}
group by created_on
"""


def relisted(
    dated: Dated,
    settings: Settings,
    connection: Connection,
    *,
    since_on: date,
    until_on: date,
    objects: Sequence[str] | None = None,
) -> list[DayVerdict]:
    """Compare the days [since_on, until_on) and store the verdicts in raw.completeness.

    Raises:
        ProviderError: The provider could not be read to the end; nothing is stored then.
    """
    names = [name for name in dated if objects is None or name in objects]
    window = Window(*(datetime.combine(day, time(), UTC) for day in (since_on, until_on)))
    run: ProviderRun = registry.provider(connection.provider).start(
        settings, [connection], window=window, objects=names, chunk_rows=_CHUNK_ROWS
    )
    found = _listed(run, dated)
    [outcome] = run.outcomes()
    if not outcome.complete:
        raise ProviderError(outcome.reason or "The lists were not read to their end.")
    warehouse = Warehouse.connect(settings)
    try:
        verdicts = []
        for name in names:
            if name in outcome.skipped:
                continue  # the provider does not offer it to this connection
            listed = _by_day(found.get(name, {}), since_on, until_on)
            held = _held(warehouse, connection, name, dated[name], since_on, until_on)
            verdicts += [
                DayVerdict(name, day, listed.get(day, Tally()), held.get(day, Tally()))
                for day in sorted(listed.keys() | held.keys())
            ]
        store_verdicts(warehouse, connection, verdicts, utc_now())
    finally:
        warehouse.close()
    return verdicts


def _listed(run: ProviderRun, dated: Dated) -> dict[str, dict[str, date]]:
    """Read everything; return the days of what is there, by object and id."""
    found: dict[str, dict[str, date]] = {}
    state: dict[str, Any] = {}
    while not run.is_done:
        for batch in drained(lambda sink: run.work(sink, state)):
            for name in dated:
                if name.replace(".", "_") == batch.resource:
                    _take(found.setdefault(name, {}), batch, dated[name])
    return found


def _take(found: dict[str, date], batch: Batch, path: Sequence[str]) -> None:
    columns = (batch.rows.column(name).to_pylist() for name in ("id", "is_deleted", "payload"))
    for name, is_deleted, payload in zip(*columns, strict=True):
        day = None if is_deleted else day_in(payload, path)
        if day is None:
            found.pop(name, None)
        else:
            found[name] = day


def _by_day(days: Mapping[str, date], since_on: date, until_on: date) -> dict[date, Tally]:
    tallies: dict[date, Tally] = {}
    for name, day in days.items():
        if since_on <= day < until_on:
            tallies.setdefault(day, Tally()).add(name)
    return tallies


def _held(
    warehouse: Warehouse, connection: Connection, name: str, path: Sequence[str],
    since_on: date, until_on: date,
) -> dict[date, Tally]:  # fmt: skip
    steps = ", ".join(f"'{step}'" for step in path)
    rows = warehouse.rows(
        _HELD.format(table=RawTable(connection.provider, name).name, path=steps),
        {"workspace": str(connection.tenant), "connection": connection.id,
         "since": since_on, "until": until_on},
    )  # fmt: skip
    return {row["created_on"]: Tally(row["objects"], row["hash"]) for row in rows}


def day_in(payload: str | bytes, path: Sequence[str]) -> date | None:
    """Return the day, in UTC, that stands in a payload; None where none can be read there."""
    try:
        value = msgspec.json.decode(payload)
        for step in path:
            value = value[step]
        text = str(value)
        if text.startswith("/Date("):
            milliseconds = int(text.removeprefix("/Date(").split("+")[0].split(")")[0])
            return datetime.fromtimestamp(milliseconds // 1_000, UTC).date()
        moment = datetime.fromisoformat(text)
    except (msgspec.DecodeError, KeyError, TypeError, ValueError):
        return None
    return (moment if moment.tzinfo is None else moment.astimezone(UTC)).date()
