"""What conditions want of the unified layer is read as they decide, and kept with it."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from recovery.engine.advancing import advance
from recovery.engine.changing import move
from recovery.engine.episode import Episode, Terms
from recovery.flows.conditions import Wanted
from recovery.running import follow
from tests.recovery.conftest import BEGINS
from tests.recovery.flow_documents import DAYS_2, END, flow

OWES = {"fact": "books.open_receivable", "op": "gt", "value": 10_000, "currency": "EUR"}
WHO = {"fact": "unified.customers.email", "op": "eq", "value": "ada@example.com"}
FLOW = flow(
    start="owes",
    steps={
        "owes": {"kind": "branch", "cases": [{"when": OWES, "next": "large"},
                                             {"when": WHO, "next": "small"}],
                 "otherwise": "small"},
        "large": {"kind": "end", "outcome": "handed_over"},
        "small": END,
    },
)  # fmt: skip


def begun(of=FLOW):
    episode = Episode(
        workspace_id="ws_a", id="ep_1", connection_id="conn_a", subject_kind="invoice",
        subject_id="in_1", cause="renewal", customer_id="cus_1", subscription_id="",
        amount_minor=4900, currency="EUR", facts={}, flow_id="flow_1", flow_version=1, step="",
        state="running", opened_at=BEGINS,
    )  # fmt: skip
    return move(episode, of.start, BEGINS, "started", "").episode


class Layer:
    """A unified layer that knows this, and remembers what it was asked."""

    def __init__(self, known):
        self.known, self.asked = known, []

    def __call__(self, episode, wanted, now):
        self.asked.append((episode.id, wanted, now))
        return self.known


def terms(lookup):
    return Terms("provider", ZoneInfo("UTC"), lookup=lookup)


def test_a_branch_goes_by_what_is_read_and_keeps_it():
    layer = Layer({"books.open_receivable:EUR": 11_000, "unified.customers.email": "a@b.c"})
    step = advance(begun(), FLOW, terms(layer), BEGINS)
    assert (step.episode.step, step.details) == (
        "large", {"port": "case_0", "known": {"books.open_receivable:EUR": 11_000}},
    )  # fmt: skip
    wanted = frozenset({Wanted("books.open_receivable", "EUR"), Wanted("unified.customers.email")})
    assert layer.asked == [("ep_1", wanted, BEGINS)]


def test_what_is_not_known_is_kept_as_such_and_who_somebody_is_is_not_kept():
    layer = Layer({"unified.customers.email": "ada@example.com"})
    step = advance(begun(), FLOW, terms(layer), BEGINS)
    assert step.details == {
        "port": "case_1", "known": {"unified.customers.email": "(not kept)"},
    }  # fmt: skip
    step = advance(begun(), FLOW, terms(Layer({})), BEGINS)
    assert step.details == {
        "port": "otherwise",
        "known": {"books.open_receivable:EUR": None, "unified.customers.email": None},
    }


def test_nothing_is_decided_while_it_cannot_be_read():
    waits = advance(begun(), FLOW, terms(Layer(None)), BEGINS)
    assert (waits.kind, waits.episode.step) == ("deferred", "owes")
    assert waits.episode.due_at == BEGINS + timedelta(minutes=5)
    later = BEGINS + timedelta(minutes=5)
    again = advance(waits.episode, FLOW, terms(Layer({})), later)
    assert again.kind == "branched"


def test_whoever_cannot_look_up_leaves_the_step_to_who_can():
    assert advance(begun(), FLOW, terms(None), BEGINS) is None
    assert advance(begun(), FLOW, terms(Layer({})), BEGINS) is not None


def test_a_flow_that_asks_nothing_reads_nothing():
    layer, plain = Layer(None), flow()
    assert follow(begun(plain), plain, terms(layer), BEGINS) != []
    assert layer.asked == []


def test_exits_are_looked_at_with_what_is_read_wherever_the_episode_is():
    waits = flow(
        start="rest", exits=[{"when": OWES, "outcome": "handed_over"}],
        steps={"rest": {"kind": "wait", "until": DAYS_2, "next": "over"}, "over": END},
    )  # fmt: skip
    armed = advance(begun(waits), waits, terms(Layer({})), BEGINS).episode
    over = advance(armed, waits, terms(Layer({"books.open_receivable:EUR": 10_001})), armed.due_at)
    assert (over.episode.outcome, over.details["known"]) == (
        "handed_over", {"books.open_receivable:EUR": 10_001},
    )  # fmt: skip
