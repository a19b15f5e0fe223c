"""Every way in which a payment fails, or is about to, is one episode: by event and by sweep."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from recovery.engine.by_hand import pause, resume
from recovery.flows.document import document_of, flow_of
from recovery.flows.library import library
from recovery.forecasting import Forecast
from recovery.store import episodes as store
from recovery.store.flows import FlowBook
from recovery.sweeping import sweep
from recovery.watching import look_at_subjects
from tests.recovery.conftest import BEGINS, RENEWED
from tests.recovery.flow_documents import END, flow, steps

SOFT, HARD = "insufficient_funds", "lost_card"
WRITE = {"kind": "message", "template": "update_method", "next": "over"}


def found(company):
    columns = "subject_kind, cause, state, outcome"
    return sorted(tuple(row.values()) for row in company.episodes(columns))


def test_the_sweep_finds_what_no_event_told(company):
    """The net below the events: a failure, and then its payment, seen by asking alone."""
    buyer = company.debtor(SOFT, None)
    at = company.now
    assert sweep(company.parts, company.workspace_id, company.connection.id, at) == 1
    assert found(company) == [("invoice", "one_off", "running", "")]
    assert sweep(company.parts, company.workspace_id, company.connection.id, at) == 0
    company.post(f"/v1/invoices/{company.episode()['subject_id']}/pay")
    sweep(company.parts, company.workspace_id, company.connection.id, at)
    assert found(company) == [("invoice", "one_off", "ended", "recovered")]
    assert company.charges(buyer) == [SOFT, "paid"]


def test_a_connection_that_is_off_is_left_alone(company):
    company.settle(is_enabled=False)
    company.debtor(SOFT)
    company.settle_down()
    assert company.episodes() == []


def test_a_payment_of_no_invoice(company):
    buyer, method = company.customer()
    company.script(method, SOFT, None)
    intent = company.post(
        "/v1/payment_intents", status=402, amount=700, currency="eur", customer=buyer,
        payment_method=method, confirm="true", off_session="true",
    )["error"]["payment_intent"]["id"]  # fmt: skip
    company.settle_down()
    assert found(company) == [("payment_intent", "one_off", "running", "")]
    company.post(f"/v1/payment_intents/{intent}/confirm", payment_method=method)
    company.settle_down()
    ended = company.episode()
    assert (ended["subject_id"], ended["outcome"], ended["recovered_minor"]) == (
        intent, "recovered", 700,
    )  # fmt: skip


def test_a_payment_that_wants_its_customer(company):
    company.debtor("authentication_required")
    company.settle_down()
    assert found(company) == [("invoice", "action_required", "running", "")]
    assert company.episode()["facts"]["decline_class"] == "action_needed"


def test_a_card_that_expires_and_a_renewal_on_a_card_that_declines(company):
    company.publish(steps(causes=("card_expiring", "upcoming_renewal"), first=WRITE | {
        "next": "wait"}, wait={"kind": "await", "event": "payment_method_updated",
        "timeout": {"kind": "duration", "days": 20}, "on_event": "over", "on_timeout": "over"},
        over=END))  # fmt: skip
    ages = company.subscriber()
    company.stripe.post(
        f"/v1/payment_methods/{ages['method']}",
        data={"card[exp_month]": "12", "card[exp_year]": "2026"},
    ).raise_for_status()
    company.travel(BEGINS + timedelta(days=10))
    company.settle_down()
    sweep(company.parts, company.workspace_id, company.connection.id, company.now)
    company.settle_down()
    assert found(company) == [("payment_method", "card_expiring", "running", "")]
    assert len(company.messages()) == 1
    company.give_card(ages["customer"])
    company.settle_down()
    assert [state for _, _, state, _ in found(company)] == ["ended"]


def test_a_lost_dispute_is_for_a_person(company):
    company.publish(library()["dispute_lost"])
    buyer = company.post("/v1/customers", email="d@example.com")["id"]
    company.post(
        "/v1/payment_intents", amount=900, currency="eur", customer=buyer, confirm="true",
        payment_method="pm_card_createDispute",
    )  # fmt: skip
    company.settle_down()
    assert company.episodes() == []
    (dispute,) = company.get("/v1/disputes", limit=1)["data"]
    company.post(f"/v1/disputes/{dispute['id']}/close")
    company.settle_down()
    assert found(company) == [("dispute", "dispute_lost", "ended", "handed_over")]
    assert company.actions() == [("webhook", "done"), ("task", "done")]


def test_a_renewal_near_on_a_card_that_declined(company):
    company.publish(library()["upcoming_renewal"])
    company.decline_before_renewal(SOFT)
    sweep(company.parts, company.workspace_id, company.connection.id, company.now)
    company.settle_down()
    assert found(company) == [
        ("invoice", "one_off", "running", ""),
        ("subscription", "upcoming_renewal", "ended", "done"),
    ]
    assert sorted(row["amount_minor"] for row in company.episodes()) == [900, 4900]


def test_a_renewal_that_is_little_likely_is_told_apart_before_it_fails(company):
    """The refusal of the card's newest try is a fact of the renewal: a model is asked about it."""
    asked = []

    def forecaster(facts, moments):
        asked.append((facts["cause"], facts["decline_code"]))
        return Forecast((120,) * len(moments), "a model", knows_hours=False)

    company.parts = replace(company.parts, book=FlowBook(lambda _: forecaster))
    unlikely = {"fact": "propensity", "op": "lt", "value": 200}
    trigger = {"causes": ["upcoming_renewal"], "when": unlikely}
    company.publish(flow(trigger=trigger, start="over", steps={"over": END}))
    company.decline_before_renewal(SOFT)
    sweep(company.parts, company.workspace_id, company.connection.id, company.now)
    (renewal,) = (one for one in company.episodes() if one["cause"] == "upcoming_renewal")
    assert renewal["flow_id"] is not None
    assert asked == [("upcoming_renewal", SOFT)]


def test_one_episode_for_an_invoice_however_often_it_fails(company):
    company.debtor(SOFT, SOFT, SOFT)
    company.settle_down()
    invoice = company.episode()["subject_id"]
    company.post(f"/v1/invoices/{invoice}/pay", status=402)
    company.settle_down()
    look_at_subjects(company.parts, company.workspace_id, company.connection.id,
                     [("invoice", invoice)] * 3, company.now)  # fmt: skip
    assert company.timeline() == ["opened", "facts_changed"]
    assert company.episode()["facts"]["attempts"] == 2


def test_a_new_card_is_tried_at_once(company):
    company.publish(flow())
    buyer = company.subscriber(SOFT)
    company.renew()
    company.give_card(buyer["customer"], None)
    company.settle_down()
    ended = company.episode()
    assert (ended["outcome"], ended["recovered_by"]) == ("recovered", "retry")
    assert "brought_forward" in company.timeline()
    assert ended["ended_at"] < RENEWED + timedelta(hours=1)


def test_a_card_that_comes_before_the_flow_asks_for_one_is_tried(company):
    """At night the request for a card waits for the morning; the card is there before it."""
    company.publish(steps(causes=("one_off",), first=WRITE | {"next": "wait"}, wait={
        "kind": "await", "event": "payment_method_updated", "on_event": "tries",
        "timeout": {"kind": "duration", "days": 9}, "on_timeout": "over"},
        tries={"kind": "retry", "schedule": [{"kind": "duration"}], "next": "over",
               "on_stop": "over"}, over=END))  # fmt: skip
    company.travel(company.now.replace(hour=22))
    buyer = company.debtor(HARD)
    company.settle_down()
    company.give_card(buyer, None)
    company.settle_down()
    assert company.charges(buyer) == [HARD]
    company.run_until(company.now + timedelta(hours=12))
    assert company.charges(buyer) == [HARD, "paid"]
    assert company.episode()["recovered_by"] == "retry"


def test_a_paused_episode_stands_and_goes_on_where_it_was(company):
    company.publish(flow())
    buyer = company.subscriber(SOFT, None)
    company.renew()
    name = company.episode()["id"]

    def by_hand(do):
        with company.parts.database.system() as rows:
            (held,) = store.lock(rows, company.workspace_id, [name])
            store.commit(rows, [[do(held.episode)]], company.now)

    by_hand(lambda episode: pause(episode, "a test"))
    company.run_until(RENEWED + timedelta(days=4), timedelta(days=1))
    assert company.charges(buyer["customer"]) == ["paid", SOFT]
    by_hand(lambda episode: resume(episode, "a test", company.now))
    company.settle_down()
    assert company.episode()["outcome"] == "recovered"


def test_messages_keep_to_quiet_hours_caps_and_suppressions(company):
    """Two debts of one customer, at night: one message next morning, the second a day later."""
    company.publish(steps(causes=("one_off",), first=WRITE, over=END))
    company.travel(company.now.replace(hour=22))
    buyer, method = company.customer()
    for _ in range(2):
        company.script(method, HARD)
        invoice = company.post("/v1/invoices", customer=buyer, currency="eur")["id"]
        company.post("/v1/invoiceitems", customer=buyer, invoice=invoice, amount=900,
                     currency="eur")  # fmt: skip
        company.post(f"/v1/invoices/{invoice}/pay", status=402)
    company.settle_down()
    assert company.messages() == []
    morning = company.now.replace(hour=8) + timedelta(days=1)
    company.run_until(morning)
    assert len(company.messages()) == 1
    company.run_until(morning + timedelta(hours=23))
    assert len(company.messages()) == 1
    company.run_until(morning + timedelta(hours=25))
    assert len(company.messages()) == 2
    told = json.loads(company.messages()[0].read_text())
    assert (told["customer_id"], told["amount_minor"], told["template"]) == (
        buyer, 900, "update_method",
    )  # fmt: skip


@pytest.mark.parametrize("fault", ["error", "timeout"])
def test_a_provider_that_does_not_answer_is_asked_again(company, fault):
    """The try's answer is lost on its way: it was made once all the same."""
    company.publish(flow())
    buyer = company.subscriber(SOFT, None)
    company.renew()
    company.travel(RENEWED + timedelta(days=2, minutes=2))
    kind = {"error": "error", "timeout": "cut"}[fault]
    rule = {"kind": kind, "path": r"/v1/invoices/.*/pay", "next": 1}
    company.stripe.post("/_sandbox/faults", json=rule).raise_for_status()
    company.settle_down()
    company.stripe.request("DELETE", "/_sandbox/faults").raise_for_status()
    company.run_until(company.now + timedelta(minutes=10))
    assert company.episode()["outcome"] == "recovered"
    assert company.charges(buyer["customer"]) == ["paid", SOFT, "paid"]


def sent(company, **terms):
    """An invoice that its customer shall pay by themselves, sent."""
    buyer = company.post("/v1/customers", email="ada@example.com", name="Ada")["id"]
    invoice = company.post(
        "/v1/invoices", customer=buyer, currency="eur", collection_method="send_invoice", **terms
    )["id"]
    company.post("/v1/invoiceitems", customer=buyer, invoice=invoice, amount=4900, currency="eur")
    company.post(f"/v1/invoices/{invoice}/send")
    return buyer, invoice


def swept(company):
    sweep(company.parts, company.workspace_id, company.connection.id, company.now)
    return found(company)


def test_a_sent_invoice_is_an_episode_from_its_due_date_on(company):
    buyer, invoice = sent(company, days_until_due=14)
    company.settle_down()
    company.travel(BEGINS + timedelta(days=14) - timedelta(seconds=1))
    assert swept(company) == []
    company.travel(BEGINS + timedelta(days=14))
    assert swept(company) == [("invoice", "past_due", "running", "")]
    assert swept(company) == [("invoice", "past_due", "running", "")]
    facts = company.episode()["facts"]
    due = int((BEGINS + timedelta(days=14)).timestamp())
    assert (facts["due_at"], facts["decline_class"]) == (due, "none")
    # Its payer enters a card and pays.
    company.give_card(buyer)
    company.post(f"/v1/invoices/{invoice}/pay")
    company.settle_down()
    paid = company.episode()
    assert (paid["outcome"], paid["recovered_by"], paid["recovered_minor"]) == (
        "recovered", "payer", 4900,
    )  # fmt: skip


def test_an_event_about_a_sent_invoice_counts_once_it_is_past_due(company):
    _, invoice = sent(company, days_until_due=3)
    company.settle_down()
    assert company.episodes() == []
    company.travel(BEGINS + timedelta(days=4))
    company.post(f"/v1/invoices/{invoice}/send")  # by hand, once more
    company.settle_down()
    assert found(company) == [("invoice", "past_due", "running", "")]
    company.post(f"/v1/invoices/{invoice}/pay", paid_out_of_band="true")
    company.settle_down()
    assert found(company) == [("invoice", "past_due", "ended", "recovered")]
    assert company.episode()["recovered_by"] == "out_of_band"


def test_a_sent_invoice_is_written_about_and_never_charged(company):
    company.publish(library()["invoice_past_due"])
    buyer, invoice = sent(company, days_until_due=1)
    company.travel(BEGINS + timedelta(days=1))
    swept(company)
    company.settle_down()
    company.give_card(buyer)  # even with a card that could be charged
    company.run_until(BEGINS + timedelta(days=40), timedelta(days=40))
    templates = [content["template"] for kind, content in company.actions("kind, content")
                 if kind == "message"]  # fmt: skip
    assert templates == ["reminder", "past_due", "final_notice"]
    assert company.charges(buyer) == []
    assert found(company) == [("invoice", "past_due", "ended", "handed_over")]
    assert company.get(f"/v1/invoices/{invoice}")["auto_advance"] is False


@pytest.mark.parametrize(("chance", "taken"), [(340, "Likely"), (299, "Any")])
def test_a_trigger_may_ask_how_likely_a_try_is(company, chance, taken):
    """The model is asked where a trigger asks it, and nowhere else."""
    asked = []

    def forecaster(facts, moments):
        asked.append((facts["decline_code"], len(moments)))
        return Forecast((chance,) * len(moments), "a model", knows_hours=False)

    book = FlowBook(lambda _: forecaster)
    company.parts = replace(company.parts, book=book)
    other = document_of(steps(first=WRITE, over=END))
    wanted = {"fact": "propensity", "op": "gte", "value": 300}
    likely = other | {"name": "Likely", "trigger": {"causes": ["one_off"], "when": wanted}}
    company.publish(flow_of(likely), rank=1)
    company.publish(flow_of(other | {"name": "Any", "trigger": {"causes": ["one_off"]}}), rank=2)
    company.debtor(SOFT)
    company.settle_down()
    with company.application.tenant(company.connection.tenant) as rows:
        named = rows.execute(
            "select f.name from recovery_episodes e join recovery_flows f on f.id = e.flow_id"
        ).fetchall()
    assert named == [{"name": taken}]
    assert asked == [(SOFT, 1)]
