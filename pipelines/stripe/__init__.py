"""Stripe: every list of an account, side by side with those of other accounts.

    /v1/<list> pages ─ verbatim objects ─► raw.stripe_<object>                  (backfill)
    /v1/events pages ─ the objects they carry, or refetched ─► the same tables  (incremental)
    cursors ─► dlt state, per connection, committed with the rows that they describe

Backfills go by `created`, which never changes; updates go by events, because no list of Stripe can
be asked for what changed, and `created` would freeze invoices as drafts. Lists without events are
read again (`Endpoint.updates`). Which lists there are is data: `objects.py`.

Notably absent, deliberately: typed columns (dbt's), webhooks (serving's), writing to Stripe, and
lists that cost a request per customer unless they are named (`on_request`).

Run alone: `oppulence backfill --provider stripe`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.connections import Connection
from core.settings import Settings
from pipelines.raw import RawTable
from pipelines.reports import ConnectionOutcome
from pipelines.stripe.objects import GROUPS, OBJECTS, selected_names
from pipelines.stripe.sync import Pace, Request, Sync
from pipelines.window import Window

if TYPE_CHECKING:
    from dlt.extract import DltSource

__all__ = ["GROUPS", "NAME", "StripeRun", "raw_tables", "start"]

NAME = "stripe"


def raw_tables() -> list[RawTable]:
    """Return the raw table of every object that Stripe may send."""
    return [RawTable(NAME, name) for name in OBJECTS]


class StripeRun:
    """One run over some connections: a source per chunk, and the outcome of all of them."""

    def __init__(self, sync: Sync) -> None:
        self.sync = sync

    @property
    def is_done(self) -> bool:
        """Nothing is left for another chunk."""
        return self.sync.is_done

    def source(self) -> "DltSource":
        """Return the dlt source of the next chunk: one resource per object, fed by one reader."""
        from pipelines.source import provider_source  # dlt is for processes that load

        return provider_source(NAME, self.sync.work)

    def outcomes(self) -> tuple[ConnectionOutcome, ...]:
        """Return how each connection fared so far."""
        return tuple(progress.outcome() for progress in self.sync.progress)


def start(
    settings: Settings,
    connections: Sequence[Connection],
    *,
    window: Window | None,
    objects: Sequence[str] | None,
    chunk_rows: int,
) -> StripeRun:
    """Begin a run: a backfill of `window`, or without one what changed since the last run.

    Raises:
        InvalidInputError: `objects` names something that Stripe does not have.
    """
    request = Request(selected_names(objects), window)
    pace = Pace(settings.stripe_requests_per_second, chunk_rows=chunk_rows)
    return StripeRun(Sync(request, connections, pace))
