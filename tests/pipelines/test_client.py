"""Guards the wire: what is repeated, how fast, what is refused, and that the key is never shown."""

import asyncio
import json
import time
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from itertools import count

import httpx
import pytest

from pipelines.ingest import backfill
from pipelines.stripe.client import API_VERSION, StripeClient
from pipelines.stripe.errors import (
    KeyRejectedError,
    NotPermittedError,
    StripeUnavailableError,
    StripeUnreachableError,
)
from pipelines.stripe.pages import PAGE
from pipelines.stripe.rate import RateLimiter
from tests.pipelines.fake_stripe import HASTY, connection, serving

KEY = "sk_test_51SECRETSECRET"
PAGE_BODY = b'{"object": "list", "data": [{"id": "ch_1"}], "has_more": false}'
OK = (200, {"Date": "Fri, 20 Nov 2026 10:00:00 GMT"}, PAGE_BODY)


def ask(*answers, patience=HASTY):
    """Answer requests one by one, the last answer forever; return the page and the requests."""
    seen: list[BaseHTTPRequestHandler] = []
    numbers = count()

    def answer(_, __, request):
        seen.append(request)
        found = answers[min(next(numbers), len(answers) - 1)]
        return found() if callable(found) else found

    async def run(url: str):
        async with StripeClient(url, KEY, requests_per_second=1000, patience=patience) as client:
            return await client.get("/v1/charges", {"limit": 100, "created[gte]": 5}, PAGE.decode)

    with serving(answer) as url:
        page, read = asyncio.run(run(url))
    return page, read, seen


def slow():
    time.sleep(4.3)
    return OK


@pytest.mark.parametrize(
    "trouble",
    [
        (429, {"Retry-After": "0"}, b"{}"),
        (500, {}, b"oops"),
        (503, {}, b""),
        (409, {}, b"{}"),
        (400, {"Stripe-Should-Retry": "true"}, b"{}"),
        (200, {}, PAGE_BODY[:30]),  # whole by its length, cut inside
        (200, {"Content-Length": "500", "Connection": "close"}, PAGE_BODY),  # cut by the transport
        None,  # closed without an answer
        slow,
    ],
    ids=["429", "500", "503", "409", "asked to", "half json", "short body", "cut", "timeout"],
)  # fmt: skip
def test_passing_trouble_is_repeated(trouble):
    # The one that waits has a time that a busy machine keeps, too.
    patience = replace(HASTY, timeout_seconds=4) if trouble is slow else HASTY
    page, _, seen = ask(trouble, OK, patience=patience)
    assert [bytes(item) for item in page.data] == [b'{"id": "ch_1"}']
    assert len(seen) == 2


def test_a_request_says_who_asks_and_in_which_version():
    _, _, (request,) = ask(OK)
    assert request.path == "/v1/charges?limit=100&created%5Bgte%5D=5"
    assert request.headers["Stripe-Version"] == API_VERSION
    assert request.headers["Authorization"] == httpx.BasicAuth(KEY, "")._auth_header


def test_an_answer_is_dated_before_the_second_in_which_stripe_gave_it(monkeypatch):
    """10:00:00 by Stripe's clock, after less than a second: all is known up to 09:59:59."""
    took = property(lambda _: timedelta(seconds=0.2), lambda *_: None)
    monkeypatch.setattr(httpx.Response, "elapsed", took)
    _, read, _ = ask(OK)
    assert read.held_at == 1_795_168_799_000_000 - 1


def test_retry_after_is_waited_for():
    started = time.monotonic()
    ask((429, {"Retry-After": "1"}, b"{}"), OK)
    assert time.monotonic() - started >= 1


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (401, {"message": "Invalid API Key provided: sk_test_****CRET"}, KeyRejectedError),
        (403, {"message": "The key lacks the required permissions"}, NotPermittedError),
        (404, {"message": "Unrecognized request URL"}, NotPermittedError),
        (400, {"message": "Your account is not set up to use Issuing."}, NotPermittedError),
    ],
)  # fmt: skip
def test_a_refusal_is_typed_and_not_repeated(status, error, kind):
    seen = []

    def once():
        seen.append(1)
        return status, {}, json.dumps({"error": error}).encode()

    with pytest.raises(kind) as raised:
        ask(once)
    assert raised.value.detail == error["message"]
    assert len(seen) == 1


def test_what_stripe_says_not_to_repeat_is_not_repeated():
    with pytest.raises(Exception, match="answered 500"):
        ask((500, {"Stripe-Should-Retry": "false"}, b""))


def test_lasting_trouble_ends_with_an_error_that_does_not_show_the_key():
    with pytest.raises(StripeUnavailableError) as raised:
        ask((500, {}, KEY.encode()))
    assert KEY not in repr(raised.value) + raised.value.detail + raised.value.next_step
    assert "500 at /v1/charges" in raised.value.detail


def closed_port() -> str:
    with serving(lambda *_: OK) as url:
        return url


async def asked_in_vain(url: str) -> tuple[type[Exception], str, int]:
    """Ask once; return the error, its words, and how often it was asked."""
    async with StripeClient(url, KEY, requests_per_second=1000, patience=HASTY) as client:
        with pytest.raises(StripeUnavailableError) as raised:
            await client.get("/v1/charges", {}, PAGE.decode)
        return type(raised.value), raised.value.detail, client.requests


def test_where_nothing_listens_on_this_machine_one_request_says_so():
    url = closed_port()
    assert asyncio.run(asked_in_vain(url)) == (
        StripeUnreachableError,
        f"Nothing answers at {url}: start the simulator (`oppulence up` runs it) and try again.",
        1,
    )


def test_a_real_host_is_tried_as_often_as_patience_says():
    kind, detail, requests = asyncio.run(asked_in_vain("http://stripe.invalid"))
    assert (kind, requests) == (StripeUnreachableError, HASTY.attempts)
    assert detail.startswith("Nothing answers at http://stripe.invalid: 4 attempts, the last ")


def test_one_that_has_answered_may_be_starting_again_and_is_asked_again():
    last = (200, {"Connection": "close"}, PAGE_BODY)

    async def run() -> tuple[type[Exception], int]:
        with serving(lambda *_: last) as url:
            client = StripeClient(url, KEY, requests_per_second=1000, patience=HASTY)
            await client.get("/v1/charges", {}, PAGE.decode)
        async with client:
            with pytest.raises(StripeUnavailableError) as raised:
                await client.get("/v1/charges", {}, PAGE.decode)
            return type(raised.value), client.requests

    assert asyncio.run(run()) == (StripeUnavailableError, 1 + HASTY.attempts)


def test_an_unreachable_account_is_reported_once_not_once_per_list(fresh):
    url = closed_port()
    [outcome] = backfill(fresh, [connection("ws_unreachable", url=url)]).outcomes
    assert (outcome.status, outcome.complete, dict(outcome.failed)) == ("degraded", False, {})
    assert outcome.reason.startswith(f"Nothing answers at {url}: start the simulator")


def test_the_rate_is_halved_once_for_a_burst_of_refusals_and_climbs_back_to_the_cap():
    async def run() -> list[float]:
        limiter = RateLimiter(100)
        rates = []
        for _ in range(5):
            limiter.limited(0)
        rates.append(limiter.rate)
        for _ in range(100):
            limiter.succeeded()
        return [*rates, limiter.rate]

    assert asyncio.run(run()) == [50, 100]


def test_requests_leave_no_faster_than_the_rate():
    async def run() -> float:
        limiter = RateLimiter(50)
        started = time.monotonic()
        await asyncio.gather(*(limiter.turn() for _ in range(26)))
        return time.monotonic() - started

    assert asyncio.run(run()) >= 0.5
