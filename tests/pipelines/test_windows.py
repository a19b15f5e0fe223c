"""Guards what parallel reading rests on: windows cover a list exactly, however it is spread."""

import asyncio
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.batches import Sink
from pipelines.stripe.children import ChildReader
from pipelines.stripe.handlers import ObjectPages
from pipelines.stripe.listing import Listing
from pipelines.stripe.windows import Span
from tests.pipelines.fake_stripe import CHARGES, FakeClient, FakeStripe, charge, landed, landing

# Bursts in one second, dense hours and empty years, in one list.
SECONDS = st.one_of(
    st.integers(1_700_000_000, 1_700_000_003),
    st.integers(1_700_000_000, 1_700_004_000),
    st.integers(1_500_000_000, 1_790_000_000),
)


async def read(stripe: FakeStripe, spans: list, pages: int = 10**9) -> list[str]:
    """Read at most about `pages` pages and return the ids that landed."""
    sink = Sink()
    client = FakeClient(stripe)
    before = len(stripe.requests)
    handler = ObjectPages(CHARGES, landing(sink), ChildReader(client, [], dict.__setitem__))
    listing = Listing(client, CHARGES, spans, handler)
    await listing.read(lambda: len(stripe.requests) - before >= pages)
    return [row["id"] for row in (await landed(sink)).get("charge", [])]


@settings(deadline=None, max_examples=60)
@given(st.lists(SECONDS, max_size=1500))
def test_every_object_lands_exactly_once(seconds):
    stripe = FakeStripe({"/v1/charges": [charge(n, at) for n, at in enumerate(seconds)]})
    ids = asyncio.run(read(stripe, [Span(0, 0).stored()]))
    assert sorted(ids) == [f"ch_{n:06d}" for n in range(len(seconds))]


@settings(deadline=None, max_examples=60)
@given(st.lists(SECONDS, max_size=1500), st.integers(1, 9))
def test_a_reading_stopped_anywhere_goes_on_from_its_stored_spans(seconds, pages):
    stripe = FakeStripe({"/v1/charges": [charge(n, at) for n, at in enumerate(seconds)]})
    spans, ids = [Span(0, 0).stored()], []
    while spans:
        spans = json.loads(json.dumps(spans))  # another process, from dlt's state
        ids += asyncio.run(read(stripe, spans, pages))
    assert sorted(ids) == [f"ch_{n:06d}" for n in range(len(seconds))]


@given(st.lists(SECONDS, min_size=1, max_size=400), SECONDS, SECONDS)
@settings(deadline=None, max_examples=40)
def test_a_window_brings_what_was_created_in_it(seconds, one, other):
    low, high = min(one, other), max(one, other) + 1
    stripe = FakeStripe({"/v1/charges": [charge(n, at) for n, at in enumerate(seconds)]})
    ids = asyncio.run(read(stripe, [Span(low, high).stored()]))
    assert sorted(ids) == [f"ch_{n:06d}" for n, at in enumerate(seconds) if low <= at < high]


def test_a_long_list_is_read_side_by_side_with_few_extra_requests():
    """10,000 charges are 100 pages; each window starts 16 pages further back: 7 of them."""
    stripe = FakeStripe({"/v1/charges": [charge(n, 1_700_000_000 + 60 * n) for n in range(10_000)]})
    spans = [Span(0, 0).stored()]
    widest = 0

    def watch(path, query, page):
        nonlocal widest
        widest = max(widest, len(spans))
        return page

    stripe.tamper = watch
    asyncio.run(read(stripe, spans))
    assert widest == 7
    assert len(stripe.requests) <= 125
