"""Guards the final state: whatever the network, the clock and the kills do, both stores hold truth.

A simulated account changes; its events are delivered late, twice, in any order or not at all until
the end; the readers run in any interleaving and die before their commits. Objects are asked for
while they go on changing. In the end both stores hold what the provider holds.
"""

from contextlib import suppress

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.inbox.refetching import Refetcher
from tests.pipelines.inbox.conftest import Engine, KilledError, customer, event

START = 1_790_000_000

CHANGE = st.tuples(
    st.just("change"), st.integers(0, 2), st.integers(0, 1),
    st.sampled_from(["updated", "updated", "updated", "deleted"]),
)  # fmt: skip
DELIVER = st.tuples(st.just("deliver"), st.integers(0, 50), st.booleans(), st.just(""))
TURN = st.tuples(
    st.sampled_from(["postgres", "clickhouse", "refetch"]), st.just(0), st.booleans(), st.just("")
)
STEPS = st.lists(st.one_of(CHANGE, CHANGE, DELIVER, DELIVER, TURN, TURN), max_size=30)


@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS, chance=st.randoms(use_true_random=False))
def test_both_stores_hold_the_truth_in_the_end(engine: Engine, steps, chance):
    mine = engine.connect()
    provider = engine.provider
    provider.now, provider.objects = START, {}
    events, waiting, truth = [], [], {}
    refetcher = Refetcher(engine.worker.settings, engine.worker.database, engine.store)
    for kind, number, flag, word in steps:
        if kind == "change" and truth.get(number) != "removed":
            provider.now += int(flag)
            body = customer(number, visits=len(events))
            truth[number] = "removed" if word == "deleted" else body
            shown = body | {"deleted": True} if word == "deleted" else body
            provider.objects[f"/v1/customers/cus_{number}"] = shown
            # One in four is rendered in another release than ours.
            version = "2020-08-27" if len(events) % 4 == 3 else "2025-03-31.basil"
            events.append(event(len(events), provider.now, f"customer.{word}", body, version))
            waiting.append(events[-1])
        elif kind == "deliver" and waiting:
            found = waiting[number % len(waiting)]
            engine.deliver(mine, found)
            if not flag:  # else its acknowledgement got lost: it comes again
                waiting.remove(found)
        elif kind in ("postgres", "clickhouse"):
            engine.database.dies = bool(flag)
            with suppress(KilledError):
                engine.apply(kind)
            engine.database.dies = False
        elif kind == "refetch":
            refetcher.turn()
    refetcher.close()
    chance.shuffle(waiting)
    engine.deliver(mine, *waiting, *waiting[:3]) if waiting else None
    engine.drain()
    expected = {
        f"cus_{number}": (body == "removed", None if body == "removed" else body)
        for number, body in truth.items()
    }
    assert {
        name.removeprefix("customer "): (gone, None if gone else body)
        for name, (gone, body) in engine.latest(mine).items()
    } == expected
    assert engine.landed(mine, "customer") == {
        name: body for name, (gone, body) in expected.items() if not gone
    }
    assert engine.landed(mine, "event") == {one["id"]: one for one in events}
    assert engine.tasks(mine) == []
