"""What does dlt see of Stripe? A source: one reader, and one resource per raw table that it feeds.

Apart from the package, which the code server and the worker import: dlt costs 50 MB, and only a
process that loads needs it.
"""

from collections.abc import Iterator

import dlt
from dlt.extract import DltResource

from pipelines.batches import Batch, drained
from pipelines.raw import RawTable
from pipelines.stripe import NAME, raw_tables
from pipelines.stripe.sync import Sync


@dlt.source(name=NAME, max_table_nesting=0)
def stripe(sync: Sync) -> list[DltResource]:
    """Declare the reader and one resource per object."""

    @dlt.resource(name="pages", selected=False)
    def pages() -> Iterator[Batch]:
        yield from drained(lambda sink: sync.work(sink, dlt.current.source_state()))

    return [pages | _table(table) for table in raw_tables()]


def _table(table: RawTable) -> DltResource:
    """Return the resource that passes on the batches of one table."""
    resource = table.table.removeprefix(f"{NAME}_")

    @dlt.transformer(
        name=resource,
        table_name=table.table,
        write_disposition="append",
        schema_contract={"columns": "freeze", "data_type": "freeze"},
    )
    def rows(batch: Batch) -> Iterator[object]:
        if batch.resource == resource:
            yield batch.rows

    return rows
