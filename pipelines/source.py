"""What does dlt see of a provider? A source of one resource, whose batches name their raw tables.

One resource for all tables: each resource costs dlt a millisecond per load, rows or none. Apart
from the packages, which the code server and the worker import: dlt costs 50 MB, and only a process
that loads needs it.
"""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import dlt
from dlt.extract import DltResource, DltSource

from pipelines.batches import Sink, drained
from pipelines.raw import RawTable

Work = Callable[[Sink, dict[str, Any]], Awaitable[None]]


def provider_source(provider: str, work: Work) -> DltSource:
    """Return the source that reads by `work`: a coroutine of a sink and the provider's state."""

    @dlt.source(name=provider, max_table_nesting=0)
    def declared() -> DltResource:
        @dlt.resource(
            name="objects",
            write_disposition="append",
            schema_contract={"columns": "freeze", "data_type": "freeze"},
        )
        def objects() -> Iterator[object]:
            for batch in drained(lambda sink: work(sink, dlt.current.source_state())):
                yield dlt.mark.with_table_name(batch.rows, RawTable(provider, batch.resource).table)

        return objects

    return declared()
