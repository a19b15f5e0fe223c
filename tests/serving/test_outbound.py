"""Do events of ours arrive signed, again after failures, and nowhere they must not?"""

import json
import threading
from collections import Counter
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseRequestHandler, ThreadingTCPServer

import httpx
import pytest
from standardwebhooks import Webhook

from core.clock import utc_now
from core.database import Database
from core.outbound import emit
from core.secrets import SecretBox
from serving.outbound import sending
from serving.outbound.sending import Sending


class Receiver:
    """An address of a customer that keeps what it got and answers as it is told."""

    def __init__(self) -> None:
        self.received, self.status = [], 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.received.append((body, dict(self.headers)))
                self.send_response(outer.status)
                self.send_header("Location", "http://10.0.0.1/")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"


@pytest.fixture
def receiver():
    found = Receiver()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture(scope="module")
def local(engines):
    return engines.model_copy(update={"outbound_local": True})


@pytest.fixture(scope="module")
def url(serve, local, warehouse):
    return serve(local)


@pytest.fixture(scope="module")
def system(engines):
    opened = Database.connect(engines, role="system", size=2)
    yield opened
    opened.close()


@pytest.fixture
def ask(url, workspace):
    def send(method, path="", **body):
        address = f"{url}/v1/webhook_endpoints{path}"
        headers = workspace.headers()
        return httpx.request(method, address, json=body or None, headers=headers, timeout=60)

    return send


@pytest.fixture(autouse=True)
def unhurried(monkeypatch):
    """Let nothing be due again before a test says so, however slow it is."""
    monkeypatch.setattr(sending, "PAUSES", (3_600,) * len(sending.PAUSES))


def turn(system, local, *, later=None):
    """Send what is due; `later` makes what waits due first."""
    if later:
        with system.system() as rows:
            rows.execute(
                "update outbound_deliveries set next_attempt_at = now() where state = 'waiting'"
            )
    box = SecretBox.from_keys(local.required("encryption_keys"))
    with Sending(system, box, local) as turns:
        begun = turns.turn()
        turns.wait_for_all()
        return begun


def test_an_event_arrives_signed_and_once(ask, workspace, receiver, system, local):
    made = ask("POST", url=receiver.url, event_types=["payment.failed"]).json()
    for _ in range(2):  # the same cause is one event
        with system.system() as rows:
            emit(rows, str(workspace.tenant), "payment.failed", "evt_1", {"id": "ch_1"}, utc_now())
            emit(rows, str(workspace.tenant), "transaction.created", "evt_2", {}, utc_now())
        turn(system, local)
    ((body, headers),) = receiver.received
    told = Webhook(made["secret"]).verify(body, headers)
    assert (told["type"], told["data"]) == ("payment.failed", {"id": "ch_1"})
    (delivery,) = ask("GET", f"/{made['id']}/deliveries").json()["data"]
    assert (delivery["state"], delivery["answered"], delivery["attempts"]) == ("delivered", 200, 1)
    assert "secret" not in ask("GET").json()["data"][0]
    ask("POST", f"/{made['id']}/deliveries/{delivery['id']}/redeliver").raise_for_status()
    turn(system, local)
    assert [headers["webhook-id"] for _, headers in receiver.received] == [delivery["event_id"]] * 2
    (entry,) = workspace.get("/v1/audit_log", action="webhook_endpoint.redelivered").json()["data"]
    assert (entry["target"], entry["details"]) == (
        made["id"], {"delivery": delivery["id"], "event": delivery["event_id"]},
    )  # fmt: skip


def test_failures_are_tried_again_and_redirects_are_not_followed(ask, receiver, system, local):
    made = ask("POST", url=receiver.url, event_types=["endpoint.test"]).json()
    receiver.status = 302
    ask("POST", f"/{made['id']}/test").raise_for_status()
    turn(system, local)
    (delivery,) = ask("GET", f"/{made['id']}/deliveries").json()["data"]
    assert (delivery["state"], delivery["detail"]) == ("waiting", "It answered 302.")
    assert turn(system, local) == 0  # not before its time
    receiver.status = 204
    turn(system, local, later=True)
    (delivery,) = ask("GET", f"/{made['id']}/deliveries").json()["data"]
    assert (delivery["state"], delivery["attempts"]) == ("delivered", 2)


def test_what_fails_for_days_is_disabled_and_can_be_enabled(ask, receiver, system, local):
    made = ask("POST", url=receiver.url, event_types=["endpoint.test"]).json()
    receiver.status = 500
    ask("POST", f"/{made['id']}/test")
    turn(system, local)
    with system.system() as rows:
        rows.execute(
            "update webhook_endpoints set failing_since = %s where id = %s",
            [utc_now() - timedelta(days=6), made["id"]],
        )
    turn(system, local, later=True)
    (found,) = ask("GET").json()["data"]
    assert (found["state"], bool(found["state_reason"])) == ("disabled", True)
    sent = len(receiver.received)
    ask("POST", f"/{made['id']}/test")
    turn(system, local, later=True)
    assert len(receiver.received) == sent
    assert ask("PATCH", f"/{made['id']}", state="enabled").json()["state"] == "enabled"
    receiver.status = 200
    turn(system, local, later=True)
    assert len(receiver.received) == sent + 1


def test_a_flood_for_one_endpoint_leaves_room_for_another(ask, workspace, receiver, system, local):
    flooded = ask("POST", url=receiver.url, event_types=["payment.failed"]).json()["id"]
    with system.system() as rows:
        for number in range(30):
            emit(rows, str(workspace.tenant), "payment.failed", f"evt_{number}", {}, utc_now())
    quiet = ask("POST", url=receiver.url, event_types=["endpoint.test"]).json()["id"]
    ask("POST", f"/{quiet}/test").raise_for_status()
    assert turn(system, local) == sending.OF_ENDPOINT + 1 == 5

    def states(endpoint):
        found = ask("GET", f"/{endpoint}/deliveries").json()["data"]
        return Counter(delivery["state"] for delivery in found)

    assert (states(quiet), states(flooded)) == (
        {"delivered": 1}, {"delivered": 4, "waiting": 26},
    )  # fmt: skip
    while turn(system, local):
        pass
    assert states(flooded) == {"delivered": 30}


class Silent:
    """An address that takes what is sent and says one more byte of its head now and then."""

    def __init__(self) -> None:
        self.taken, self.over = threading.Semaphore(0), threading.Event()
        outer = self

        class Handler(BaseRequestHandler):
            def handle(self) -> None:
                self.request.recv(65_536)
                outer.taken.release()
                self.request.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not outer.over.wait(0.02):
                    try:
                        self.request.sendall(b"a")
                    except OSError:
                        return

        self.server = ThreadingTCPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"


@pytest.fixture
def silent():
    found = Silent()
    yield found
    found.over.set()
    found.server.shutdown()
    found.server.server_close()


def test_who_does_not_answer_holds_a_share_and_keeps_nobody_waiting(
    ask, workspace, new_workspace, receiver, silent, system, local, url, monkeypatch
):
    """Its deliveries are under way all the while that others are sent."""
    monkeypatch.setattr(sending, "DEADLINE_SECONDS", 300.0)
    stalls = [
        ask("POST", url=silent.url, event_types=["payment.failed"]).json()["id"] for _ in range(3)
    ]
    with system.system() as rows:
        for number in range(6):
            emit(rows, str(workspace.tenant), "payment.failed", f"evt_{number}", {}, utc_now())
    other = new_workspace()
    body = {"url": receiver.url, "event_types": ["payment.failed"]}
    made = httpx.post(f"{url}/v1/webhook_endpoints", json=body, headers=other.headers(), timeout=60)
    box = SecretBox.from_keys(local.required("encryption_keys"))
    with Sending(system, box, local) as turns:
        assert turns.turn() == sending.OF_WORKSPACE == 8
        for _ in range(8):
            assert silent.taken.acquire(timeout=30)
        assert turns.turn() == 0  # its share is under way, though ten more are due
        with system.system() as rows:
            emit(rows, str(other.tenant), "payment.failed", "evt_1", {}, utc_now())
        assert turns.turn() == 1
        while not receiver.received:
            turns.pause()
        silent.over.set()
        turns.wait_for_all()
    found = httpx.get(
        f"{url}/v1/webhook_endpoints/{made.json()['id']}/deliveries", headers=other.headers()
    ).json()["data"]
    assert [(one["state"], one["answered"]) for one in found] == [("delivered", 200)]
    tried = [
        one["detail"]
        for endpoint in stalls
        for one in ask("GET", f"/{endpoint}/deliveries").json()["data"]
        if one["attempts"]
    ]
    assert tried == ["No answer: RemoteProtocolError"] * 8
    for endpoint in stalls:
        ask("DELETE", f"/{endpoint}").raise_for_status()


def test_a_secret_that_does_not_open_fails_its_own_delivery_alone(ask, receiver, system, local):
    made = ask("POST", url=receiver.url, event_types=["endpoint.test"]).json()
    ask("POST", f"/{made['id']}/test")
    with system.system() as rows:
        rows.execute(
            "update webhook_endpoints set sealed_secrets = %s where id = %s",
            [["of another key"], made["id"]],
        )
    assert turn(system, local) == 1
    (delivery,) = ask("GET", f"/{made['id']}/deliveries").json()["data"]
    assert (delivery["state"], receiver.received) == ("waiting", [])
    assert "secret" in delivery["detail"]


def test_what_was_told_is_kept_for_a_month(ask, receiver, workspace, system):
    made = ask("POST", url=receiver.url, event_types=["payment.failed"]).json()["id"]
    now = utc_now()
    for name, age in (("old", timedelta(days=30)), ("young", timedelta(days=30, seconds=-60))):
        with system.system() as rows:
            emit(rows, str(workspace.tenant), "payment.failed", name, {"id": name}, now - age)
    assert sending.forget(system, now + timedelta(seconds=1)) == 1
    (left,) = ask("GET", f"/{made}/deliveries").json()["data"]
    assert json.loads(left["body"])["data"] == {"id": "young"}
    assert sending.forget(system, now + timedelta(seconds=1)) == 0


def test_our_own_network_is_refused(workspace, ask, receiver, system, engines, local):
    refused = workspace.api.post(
        "/v1/webhook_endpoints", headers=workspace.headers(),
        json={"url": receiver.url, "event_types": ["endpoint.test"]},
    )  # fmt: skip
    assert (refused.status_code, refused.json()["code"]) == (422, "address_refused")
    made = ask("POST", url=receiver.url, event_types=["endpoint.test"]).json()
    ask("POST", f"/{made['id']}/test")
    turn(system, engines)  # checked again when it is sent
    assert receiver.received == []
    (delivery,) = ask("GET", f"/{made['id']}/deliveries").json()["data"]
    assert "not public" in delivery["detail"] or "https" in delivery["detail"]
    assert ask("DELETE", f"/{made['id']}").status_code == 200
    assert json.loads(ask("GET").text) == {"data": []}
