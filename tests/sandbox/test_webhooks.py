"""Do events reach an endpoint as Stripe sends them?

Signed, in order, again after failures, doubled on request.
"""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
import stripe as library
from stripe import StripeClient, Webhook

from sandbox.process import RunningSandbox


class Endpoint:
    """A receiver on loopback that keeps what it got and answers as it is told."""

    def __init__(self) -> None:
        self.received: list[tuple[bytes, str]] = []
        self.answers: list[int] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                status = outer.answers.pop(0) if outer.answers else 200
                outer.received.append((body, self.headers["stripe-signature"]))
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook"

    def wait_for(self, count: int) -> list[tuple[bytes, str]]:
        deadline = time.monotonic() + 60
        while len(self.received) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        return list(self.received)


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    found = Endpoint()
    yield found
    found.server.shutdown()
    found.server.server_close()
    found.thread.join()


@pytest.fixture
def admin(live_sandbox: RunningSandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=live_sandbox.url) as client:
        client.post("/_sandbox/webhooks", json={"retry_seconds": [0.05, 0.05]})
        yield client
        client.delete("/_sandbox/faults")


def test_a_change_is_delivered_signed_as_the_library_verifies(
    live: StripeClient, endpoint: Endpoint, admin: httpx.Client
) -> None:
    hook = live.v1.webhook_endpoints.create(
        {"url": endpoint.url, "enabled_events": ["customer.created", "customer.updated"]}
    )
    customer = live.v1.customers.create({"name": "First"})
    live.v1.customers.update(customer.id, {"name": "Second"})
    live.v1.products.create({"name": "Not wanted"})
    received = endpoint.wait_for(2)
    events = [Webhook.construct_event(body, signature, hook.secret) for body, signature in received]
    assert [(event.type, event.data.object.name) for event in events] == [
        ("customer.created", "First"),
        ("customer.updated", "Second"),
    ]
    assert events[1].data.previous_attributes.to_dict() == {"name": "First"}
    assert live.v1.events.retrieve(events[0].id).data.object.id == customer.id
    body, signature = received[0]
    with pytest.raises(library.SignatureVerificationError):
        Webhook.construct_event(body.replace(b"First", b"Faked"), signature, hook.secret)
    live.v1.webhook_endpoints.delete(hook.id)


def test_a_failing_endpoint_is_tried_again_and_given_up_events_are_listed(
    live: StripeClient, endpoint: Endpoint, admin: httpx.Client
) -> None:
    hook = live.v1.webhook_endpoints.create({"url": endpoint.url, "enabled_events": ["*"]})
    endpoint.answers = [500, 503, 200]
    live.v1.customers.create({"name": "Thrice"})
    bodies = [body for body, _ in endpoint.wait_for(3)]
    assert len(set(bodies)) == 1
    endpoint.answers = [500, 500, 500]
    lost = live.v1.customers.create({"name": "Never"})
    endpoint.wait_for(6)
    deadline = time.monotonic() + 60
    while admin.get("/_sandbox/webhooks").json()[-1]["try"] < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    undelivered = live.v1.events.list({"delivery_success": False}).data
    assert [event.data.object.id for event in undelivered] == [lost.id]
    admin.post("/_sandbox/webhooks", json={"resend": undelivered[0].id})
    assert len(endpoint.wait_for(7)) == 7
    deadline = time.monotonic() + 60
    while live.v1.events.list({"delivery_success": False}).data and time.monotonic() < deadline:
        time.sleep(0.02)
    assert live.v1.events.list({"delivery_success": False}).data == []
    live.v1.webhook_endpoints.delete(hook.id)


def test_events_can_come_twice_and_in_reverse(
    live: StripeClient, endpoint: Endpoint, admin: httpx.Client
) -> None:
    hook = live.v1.webhook_endpoints.create(
        {
            "url": endpoint.url,
            "enabled_events": ["payment_intent.created", "payment_intent.succeeded"],
        }
    )
    params = {"amount": 100, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True}
    admin.post(
        "/_sandbox/faults",
        json={"kind": "duplicate_events", "path": "webhook_deliveries", "next": 1},
    )
    live.v1.payment_intents.create(params)
    kinds = [
        Webhook.construct_event(body, signature, hook.secret).type
        for body, signature in endpoint.wait_for(4)
    ]
    assert kinds == ["payment_intent.created"] * 2 + ["payment_intent.succeeded"] * 2
    admin.post(
        "/_sandbox/faults",
        json={"kind": "reversed_events", "path": "webhook_deliveries", "next": 1},
    )
    live.v1.payment_intents.create(params)
    kinds = [
        Webhook.construct_event(body, signature, hook.secret).type
        for body, signature in endpoint.wait_for(6)
    ]
    assert kinds[4:] == ["payment_intent.succeeded", "payment_intent.created"]
    live.v1.webhook_endpoints.delete(hook.id)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/hook",
        "http://10.0.0.1/x",
        "http://127.0.0.1.nip.io/",
        "ftp://127.0.0.1/",
        "http://169.254.169.254/",
    ],
)
def test_only_loopback_addresses_are_taken(live: StripeClient, url: str) -> None:
    with pytest.raises(library.InvalidRequestError) as caught:
        live.v1.webhook_endpoints.create({"url": url, "enabled_events": ["*"]})
    assert (caught.value.param, caught.value.code) == ("url", "url_invalid")
