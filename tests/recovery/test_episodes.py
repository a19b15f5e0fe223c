"""From a declined renewal to settled cash: whole episodes against a Stripe that lives."""

from datetime import timedelta

from psycopg.types.json import Jsonb

from recovery.flows.document import document_of
from tests.recovery.conftest import RENEWED
from tests.recovery.flow_documents import flow, steps

SOFT, HARD = "insufficient_funds", "lost_card"


def test_a_soft_decline_is_tried_again_until_it_is_paid(company):
    company.publish(flow())
    buyer = company.subscriber(SOFT, SOFT, None)
    company.settle_down()
    assert company.episodes() == []
    company.renew()
    opened = company.episode()
    assert (opened["cause"], opened["step"], opened["state"]) == ("renewal", "tries", "running")
    company.run_until(RENEWED + timedelta(days=6))
    ended = company.episode()
    assert (ended["outcome"], ended["recovered_minor"], ended["currency"]) == (
        "recovered", 4900, "EUR",
    )  # fmt: skip
    assert ended["recovered_by"] == "retry"
    assert company.charges(buyer["customer"]) == ["paid", SOFT, SOFT, "paid"]
    assert company.timeline() == [
        "opened", "started", "branched", "take_over_asked", "took_over", "retry_planned",
        "retry_asked", "retry_declined", "retry_planned", "retry_asked", "ended",
    ]  # fmt: skip
    assert company.actions() == [("take_over", "done"), ("retry", "done"), ("retry", "done")]


def test_a_hard_decline_is_never_tried_again(company):
    company.publish(flow())
    buyer = company.subscriber(HARD, None)
    company.renew()
    company.run_until(RENEWED + timedelta(days=3), timedelta(days=2))
    ended = company.episode()
    assert (ended["state"], ended["outcome"], ended["step"]) == ("ended", "lost", "over")
    assert company.charges(buyer["customer"]) == ["paid", HARD]
    assert [kind for kind, _ in company.actions()] == ["message"]
    assert len(company.messages()) == 1


def test_a_decline_that_turns_hard_stops_the_tries(company):
    company.publish(flow())
    buyer = company.subscriber(SOFT, HARD, None)
    company.renew()
    company.run_until(RENEWED + timedelta(days=20), timedelta(days=2))
    assert company.charges(buyer["customer"]) == ["paid", SOFT, HARD]
    assert company.episode()["outcome"] == "lost"
    assert "retry_declined" in company.timeline()


def test_a_try_is_planned_for_when_the_networks_allow_it(company):
    """Thirteen tries of others on the card leave room for one of ours in 30 days, not for two."""
    company.publish(flow())
    company.subscriber(SOFT, SOFT, SOFT, SOFT)
    company.renew()
    with company.application.tenant(company.connection.tenant) as rows:
        first = rows.execute("select attempted_at from recovery_attempts").fetchone()
        rows.execute(
            "insert into recovery_attempts select workspace_id, connection_id, id || '_' || number,"
            " episode_id, fingerprint, attempted_at + interval '1 hour' * number, false, false,"
            " decline_code, decline_class, amount_minor, currency"
            " from recovery_attempts, generate_series(1, 13) as number"
        )
    company.run_until(RENEWED + timedelta(days=4), timedelta(days=2))
    allowed = first["attempted_at"] + timedelta(days=30)
    planned = company.newest("retry_planned")
    assert (company.episode()["due_at"], company.timeline()[-1]) == (allowed, "retry_planned")
    assert planned["held_back_from"] < allowed.isoformat()
    # It is tried then, in one go: nothing refuses it any more.
    company.run_until(allowed + timedelta(hours=1), timedelta(days=15))
    assert "retry_deferred" not in company.timeline()
    assert company.actions()[-3:] == [("retry", "done"), ("retry", "done"), ("message", "done")]


def test_a_payment_by_the_payer_ends_everything_at_once(company):
    company.publish(flow())
    buyer = company.subscriber(SOFT, None)
    company.renew()
    invoice = company.episode()["subject_id"]
    company.post(f"/v1/invoices/{invoice}/pay")
    company.settle_down()
    ended = company.episode()
    assert (ended["outcome"], ended["recovered_by"], ended["recovered_minor"]) == (
        "recovered", "payer", 4900,
    )  # fmt: skip
    company.run_until(RENEWED + timedelta(days=20), timedelta(days=2))
    assert company.charges(buyer["customer"]) == ["paid", SOFT, "paid"]
    assert company.messages() == []


def test_a_manual_payment_a_void_and_a_cancellation_end_it(company):
    company.publish(flow())
    buyers = [company.subscriber(SOFT) for _ in range(3)]
    company.renew()
    by_customer = {row["customer_id"]: row["subject_id"] for row in company.episodes()}
    outside, voided, canceled = (by_customer[buyer["customer"]] for buyer in buyers)
    company.post(f"/v1/invoices/{outside}/pay", paid_out_of_band="true")
    company.post(f"/v1/invoices/{voided}/void")
    assert company.stripe.delete(
        f"/v1/subscriptions/{buyers[2]['subscription']}"
    ).status_code == 200  # fmt: skip
    company.settle_down()
    found = {
        row["subject_id"]: (row["outcome"], row["recovered_by"], row["reason"])
        for row in company.episodes()
    }
    assert found == {
        outside: ("recovered", "out_of_band", "It was paid by other means."),
        voided: ("lost", "", "The invoice was voided."),
        canceled: ("lost", "", "The subscription was canceled."),
    }


def test_the_provider_keeps_its_retries_where_it_owns_them(company):
    """Smart Retries bring the money; of us there is no try, and the episode says whose it was."""
    company.settle("provider")
    company.publish(flow())
    buyer = company.subscriber(SOFT, None)
    company.renew()
    company.run_until(RENEWED + timedelta(days=3), timedelta(days=2))
    assert company.charges(buyer["customer"]) == ["paid", SOFT, "paid"]
    ended = company.episode()
    assert ended["outcome"] == "recovered"
    assert [kind for kind, _ in company.actions()] == ["message"]


def test_what_we_own_the_provider_leaves_alone(company):
    company.publish(flow())
    buyer = company.subscriber(SOFT, SOFT, SOFT)
    company.renew()
    company.run_until(RENEWED + timedelta(days=25), timedelta(days=2))
    assert company.charges(buyer["customer"]) == ["paid", SOFT, SOFT, SOFT]
    invoice = company.get(f"/v1/invoices/{company.episode()['subject_id']}")
    assert (invoice["auto_advance"], invoice["next_payment_attempt"]) == (False, None)


def test_an_episode_without_a_flow_is_seen_and_ends_when_paid(company):
    company.subscriber(SOFT, SOFT)
    company.renew()
    waiting = company.episode()
    assert (waiting["flow_id"], waiting["state"], waiting["due_at"]) == (None, "running", None)
    company.post(f"/v1/invoices/{waiting['subject_id']}/pay", status=402)
    company.settle_down()
    assert company.episode()["state"] == "running"
    company.post(f"/v1/invoices/{waiting['subject_id']}/pay")
    company.settle_down()
    ended = company.episode()
    assert (ended["outcome"], ended["recovered_by"]) == ("recovered", "provider")


def test_a_paused_flow_begins_nothing_and_goes_on_later(company):
    """What was planned when the flow was paused is not made; neither by timers nor by actions."""
    flow_id = company.publish(flow())
    buyer = company.subscriber(SOFT, None)
    company.renew()

    def turn(state):
        with company.application.tenant(company.connection.tenant) as rows:
            rows.execute("update recovery_flows set state = %s where id = %s", [state, flow_id])

    turn("paused")
    company.run_until(RENEWED + timedelta(days=5), timedelta(days=1))
    assert company.charges(buyer["customer"]) == ["paid", SOFT]
    turn("live")
    company.settle_down()
    assert company.charges(buyer["customer"]) == ["paid", SOFT, "paid"]
    assert company.episode()["recovered_by"] == "retry"


def test_a_running_episode_stays_on_its_version(company):
    flow_id = company.publish(flow())
    buyer = company.subscriber(SOFT, None)
    company.renew()
    other = Jsonb(document_of(steps(first={"kind": "end", "outcome": "done"})))
    with company.application.tenant(company.connection.tenant) as rows:
        rows.execute(
            "insert into recovery_flow_versions (workspace_id, flow_id, version, document,"
            " published_at, published_by) values (%s, %s, 2, %s, %s, 'a test')",
            [company.workspace_id, flow_id, other, company.now],
        )
        rows.execute("update recovery_flows set live_version = 2 where id = %s", [flow_id])
    company.run_until(RENEWED + timedelta(days=3), timedelta(days=1))
    assert company.charges(buyer["customer"]) == ["paid", SOFT, "paid"]
    assert company.episode()["flow_version"] == 1
    company.debtor(SOFT)
    company.settle_down()
    assert [row["flow_version"] for row in company.episodes()] == [1, None], "no trigger for it"
