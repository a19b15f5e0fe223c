"""What does dlt see of Stripe? A source of one resource, whose batches name their raw tables.

One resource for all tables: each resource costs dlt a millisecond per load, rows or none. Apart
from the package, which the code server and the worker import: dlt costs 50 MB, and only a process
that loads needs it.
"""

from collections.abc import Iterator

import dlt
from dlt.extract import DltResource

from pipelines.batches import drained
from pipelines.raw import RawTable
from pipelines.stripe import NAME
from pipelines.stripe.sync import Sync


@dlt.source(name=NAME, max_table_nesting=0)
def stripe(sync: Sync) -> DltResource:
    """Declare the reader of everything."""

    @dlt.resource(
        name="objects",
        write_disposition="append",
        schema_contract={"columns": "freeze", "data_type": "freeze"},
    )
    def objects() -> Iterator[object]:
        for batch in drained(lambda sink: sync.work(sink, dlt.current.source_state())):
            yield dlt.mark.with_table_name(batch.rows, RawTable(NAME, batch.resource).table)

    return objects
