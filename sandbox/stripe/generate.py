"""How does a company become a Stripe account?

Lives are streamed through the projection into the store.

Memory does not grow with the number of customers: a stretch of lives at a time is held, and the
sums of the
payout slots (a few per day). Large companies are lived in two processes beside the one that
writes; the
stretches are taken in their order, so the bytes are the same.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

from sandbox.company.bookkeeping import BookKeeper, Journal
from sandbox.company.calendar import DAY, add_months, midnight
from sandbox.company.entries import entries_of
from sandbox.company.life import live
from sandbox.company.treasury import movements, payouts, slot_of
from sandbox.stripe.projection import Projection
from sandbox.stripe.render_catalog import Row
from sandbox.stripe.render_treasury import entry_row, movement_rows, payout_rows
from sandbox.stripe.store import Store

GENERATOR_VERSION = "4"
MONTHS = 18
# When the account moved to the newer API version, before the company's end.
UPGRADED_DAYS = 12
STRETCH = 200
WORKERS = 2
# Starting processes costs about a second: not worth it for a small company.
PARALLEL_FROM = 2_000


@dataclass(frozen=True, slots=True)
class CompanySpec:
    """What a company is made from; equal specs give equal bytes."""

    seed: int
    scale: int
    until: date
    event_days: int = 30
    # Whether some customers pay for API calls besides their plan.
    metered: bool = False

    @property
    def until_at(self) -> int:
        """The company's last moment: the first second of `until`, UTC."""
        return midnight(self.until)

    @property
    def start_at(self) -> int:
        """The company's first moment, eighteen months before."""
        return add_months(self.until_at, -MONTHS)

    @property
    def fingerprint(self) -> str:
        """What a data folder remembers, to start again without generating."""
        return (
            f"v{GENERATOR_VERSION} seed={self.seed} scale={self.scale} until={self.until} "
            f"event_days={self.event_days}{' metered' if self.metered else ''}"
        )


@lru_cache(maxsize=4)
def projection_of(spec: CompanySpec) -> Projection:
    """The projection of a company; one per process."""
    until = spec.until_at
    events_from = until - spec.event_days * DAY
    upgraded_at = until - UPGRADED_DAYS * DAY
    return Projection(spec.start_at, until, events_from, upgraded_at, spec.metered)


def live_stretch(spec: CompanySpec, begin: int, end: int) -> tuple[list[Row], Journal]:
    """The rows and the journal of the customers from `begin` up to `end`."""
    projection = projection_of(spec)
    start, until = spec.start_at, spec.until_at
    rows: list[Row] = []
    journal = Journal(until)
    for index in range(begin, end):
        customer = live(spec.seed, index, start, until, spec.metered)
        journal.enter(customer)
        rows += projection.objects(customer)
        rows += projection.events(customer)
        rows += [entry_row(entry, slot_of(entry), until) for entry in entries_of(customer)]
    return rows, journal


def stretches(spec: CompanySpec, workers: int) -> Iterator[tuple[list[Row], Journal]]:
    """Every stretch in order, lived here or in other processes."""
    bounds = [(begin, min(begin + STRETCH, spec.scale)) for begin in range(0, spec.scale, STRETCH)]
    if workers == 0:
        for begin, end in bounds:
            yield live_stretch(spec, begin, end)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting: deque[Future[tuple[list[Row], Journal]]] = deque()
        for begin, end in bounds:
            waiting.append(pool.submit(live_stretch, spec, begin, end))
            # No more than two stretches per worker wait, so memory stays where it is.
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def generate(
    spec: CompanySpec,
    path: Path,
    books: Path,
    progress: Callable[[int], None],
    workers: int | None = None,
) -> None:
    """Write the company of `spec` into a new store at `path` and its truth into new `books`."""
    store = Store(path)
    start, until = spec.start_at, spec.until_at
    keeper = BookKeeper(books, start, until)
    projection = projection_of(spec)
    store.begin_bulk()
    store.add(projection.texts.rows())
    if workers is None:
        workers = WORKERS if spec.scale >= PARALLEL_FROM else 0
    done = 0
    for rows, journal in stretches(spec, workers):
        store.add(rows)
        keeper.keep(journal)
        done = min(done + STRETCH, spec.scale)
        progress(done)
    rest: list[Row] = []
    journal = Journal(until)
    for movement in movements(start, until):
        slot = slot_of(movement.entry)
        journal.enter_entry(movement.entry, slot)
        rest.append(entry_row(movement.entry, slot, until))
        rest += movement_rows(movement, projection)
    keeper.keep(journal)
    for payout in payouts(keeper.slots, until):
        keeper.enter_payout(payout)
        rest.append(entry_row(payout.entry, payout.slot, until))
        rest += payout_rows(payout, projection)
    store.add(rest)
    keeper.close()
    store.set_meta("fingerprint", spec.fingerprint)
    store.set_meta("events_from", str(projection.events_from))
    store.end_bulk()
    store.close()
