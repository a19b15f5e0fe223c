"""Does nobody hold what others need while they wait, and does a repeated request still act once?"""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import psycopg
import pytest

from core.errors import EngineUnavailableError


class SlowStripe:
    """Stripe, which says what Postgres looks like while it is asked, and answers when told to."""

    def __init__(self, database, tenant):
        self.asked, self.waiting, self.status = 0, [], 200
        self.answers = threading.Event()
        self.answers.set()
        stripe = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                stripe.asked += 1
                before = stripe.idle(database, tenant)
                assert stripe.answers.wait(60)
                time.sleep(0.3)
                stripe.waiting.append(before & stripe.idle(database, tenant))
                body = json.dumps({"id": "acct_slow", "email": "a@b.c"}).encode()
                self.send_response(stripe.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @staticmethod
    def idle(database, tenant):
        with database.tenant(tenant) as rows:
            found = rows.execute(
                "select pid, xact_start from pg_stat_activity"
                " where state like 'idle in transaction%' and usename = current_user"
            )
            return {(row["pid"], row["xact_start"]) for row in found}


@pytest.fixture
def stripe(database, workspace):
    slow = SlowStripe(database, workspace.tenant)
    yield slow
    slow.answers.set()
    slow.server.shutdown()
    slow.server.server_close()


@pytest.fixture
def connect(serve, engines, stripe, workspace):
    address = f"http://127.0.0.1:{stripe.server.server_address[1]}"
    url = serve(engines.model_copy(update={"stripe_api_url": address}))

    def send(key=None, *, api_key="sk_test_1234"):
        headers = workspace.headers() | ({"Idempotency-Key": key} if key else {})
        body = {"provider": "stripe", "credentials": {"api_key": api_key}}
        return httpx.post(f"{url}/v1/connections", json=body, headers=headers, timeout=60)

    return send


def test_no_transaction_is_open_while_a_provider_is_asked(connect, stripe):
    made = [connect(), connect("one")]
    assert [answer.status_code for answer in made] == [201, 201]
    path = {answer.json()["id"] for answer in made}
    assert len(path) == 1
    assert stripe.waiting == [set(), set()]


def test_a_repetition_that_comes_meanwhile_waits_and_asks_nobody(connect, stripe):
    stripe.answers.clear()
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(connect("same"))) for _ in range(3)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 60
    while not stripe.asked:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(0.5)
    stripe.answers.set()
    for thread in threads:
        thread.join()
    assert stripe.asked == 1
    assert [answer.status_code for answer in answers] == [201] * 3
    assert len({answer.text for answer in answers}) == 1
    replayed = [answer.headers.get("Idempotency-Replayed") for answer in answers]
    assert sorted(replayed, key=str) == [None, "true", "true"]


def test_another_request_with_the_key_is_refused_at_once(connect, stripe):
    stripe.answers.clear()
    first = threading.Thread(target=connect, args=("same",))
    first.start()
    deadline = time.monotonic() + 60
    while not stripe.asked:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    other = connect("same", api_key="sk_test_other")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    stripe.answers.set()
    first.join()


def test_a_provider_that_failed_leaves_the_key_free(connect, stripe):
    stripe.status = 404
    assert connect("again").status_code == 502
    stripe.status = 200
    assert connect("again").status_code == 201


def test_a_claim_whose_holder_crashed_is_taken_over(connect, stripe, workspace):
    first = connect("crashed")
    with workspace.database.tenant(workspace.tenant) as rows:
        rows.execute(
            "update idempotent_answers set status = null, sealed_answer = null,"
            " claimed_until = now() - interval '1 second'"
        )
    again = connect("crashed")
    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
    assert "Idempotency-Replayed" not in again.headers
    assert stripe.asked == 2


def test_postgres_ends_what_takes_too_long_under_the_applications_role(database, workspace):
    with database.tenant(workspace.tenant) as rows:
        shown = [
            rows.execute(f"show {name}").fetchone()[name]
            for name in ("statement_timeout", "idle_in_transaction_session_timeout")
        ]
    assert shown == ["20s", "30s"]


def test_a_statement_and_an_idle_transaction_that_take_too_long_are_ended(database, workspace):
    def sleeping():
        with database.tenant(workspace.tenant) as rows:
            rows.execute("set local statement_timeout = '50ms'")
            rows.execute("select pg_sleep(30)")

    def idle():
        with database.tenant(workspace.tenant) as rows:
            rows.execute("set local idle_in_transaction_session_timeout = '50ms'")
            time.sleep(0.5)
            rows.execute("select 1")

    for attempt in (sleeping, idle):
        with pytest.raises((EngineUnavailableError, psycopg.Error)):
            attempt()
    with database.tenant(workspace.tenant) as rows:
        assert rows.execute("select 1 as one").fetchone() == {"one": 1}
