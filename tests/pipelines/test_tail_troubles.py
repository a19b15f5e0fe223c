"""Guards the tail of everybody else: one that fails costs itself alone, and is begun again."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from core.connections import Connection, SealedCredentials
from core.errors import EngineUnavailableError
from core.secrets import SecretBox, generate_key
from core.settings import Settings
from pipelines.ingest import backfill
from pipelines.tail import follow
from tests.pipelines.fake_stripe import FakeStripe, charge, connection
from tests.pipelines.test_audit_and_tail import NOON, happening, until
from tests.pipelines.test_ingest import served


def sealed_with_a_lost_key(workspace: str, url: str) -> Connection:
    box = SecretBox.from_keys(generate_key())
    lost = SealedCredentials(
        SecretBox.from_keys(generate_key()), box.seal("{}", context="x"), context="x"
    )
    plain = connection(workspace, "conn_lost", url)
    return Connection(plain.tenant, plain.id, "stripe", "lost", "acct_2", url, lost)


@contextmanager
def following(settings: Settings, connections: Callable[[], list[Connection]]) -> Iterator[None]:
    """Run the worker's loop for a while; it must still run, and end, when the test is done."""
    stop = threading.Event()
    thread = threading.Thread(
        target=follow,
        args=(settings, stop, connections, lambda *_: None),
        kwargs={"refresh_seconds": 0.2},
    )
    thread.start()
    try:
        yield
        assert thread.is_alive(), "one tail's trouble ended the worker"
    finally:
        stop.set()
        thread.join(timeout=60)
    assert not thread.is_alive()


def test_a_refused_insert_costs_its_tail_alone_and_is_tried_again(fresh, held, warehouse):
    stripe = FakeStripe({"/v1/events": [happening(1, "charge.succeeded", charge(1, NOON))]})
    constraint = "constraint full check workspace_id != 'ws_tail_full'"
    warehouse.command(f"alter table raw.stripe_charge add {constraint}")
    try:
        with served(stripe) as url:
            full, good = connection("ws_tail_full", url=url), connection("ws_tail_good", url=url)
            with following(fresh, lambda: [full, good]):
                until(lambda: "ch_000001" in held("ws_tail_good", "charge"))
                assert held("ws_tail_full", "charge") == {}
                warehouse.command("alter table raw.stripe_charge drop constraint full")
                until(lambda: "ch_000001" in held("ws_tail_full", "charge"))
    finally:
        warehouse.command("alter table raw.stripe_charge drop constraint if exists full")


def test_faults_of_ours_and_lost_keys_cost_their_own_tails(fresh, held):
    """An address that is none fails where no failure is foreseen; a lost key never opens."""
    stripe = FakeStripe({"/v1/events": [happening(1, "charge.succeeded", charge(1, NOON))]})
    asked: list[int] = []

    def known() -> list[Connection]:
        asked.append(len(asked))
        if len(asked) % 2 == 0:
            raise EngineUnavailableError("Postgres did not answer")
        return members

    with served(stripe) as url:
        members = [
            connection("ws_tail_none", url="http://nowhere:port"),
            sealed_with_a_lost_key("ws_tail_lost", url),
            connection("ws_tail_alive", url=url),
        ]
        with following(fresh, known):
            until(lambda: "ch_000001" in held("ws_tail_alive", "charge") and len(asked) > 4)


def test_a_load_reports_the_connection_whose_key_is_lost_and_lands_the_others(fresh, held):
    with served(FakeStripe({"/v1/charges": [charge(1, NOON)]})) as url:
        lost, good = sealed_with_a_lost_key("ws_lost", url), connection("ws_not_lost", url=url)
        report = backfill(fresh, [lost, good], objects=["charge"])
    outcomes = {o.connection.id: (o.status, o.complete) for o in report.outcomes}
    assert outcomes == {"conn_lost": ("degraded", False), "conn_a": ("active", True)}
    assert "a key that is not configured" in report.failures[0].reason
    assert set(held("ws_not_lost", "charge")) == {"ch_000001"}
