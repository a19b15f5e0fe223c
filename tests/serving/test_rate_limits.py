"""Is nobody let ask too often, with Redis and without, and does each answer say what is left?"""

import httpx
import pytest
from pydantic import SecretStr

from core.cache import connect_cache
from core.tenancy import new_id
from serving.exchange import Exchange
from serving.rate_limits import RateLimitedError, RateLimiter, Window, windows


def limit(workspace, per_minute):
    with workspace.database.tenant(workspace.tenant) as rows:
        rows.execute("update workspaces set requests_per_minute = %s", [per_minute])


def test_a_key_gets_its_share_of_the_workspaces_limit():
    assert windows("ws_a", "key_a", "read", None) == (
        Window("key-read", "ws_a|key_a", 1500), Window("workspace", "ws_a", 3000),
    )  # fmt: skip
    assert windows("ws_a", "key_a", "sync", 10) == (
        Window("key-sync", "ws_a|key_a", 1), Window("workspace", "ws_a", 10),
    )  # fmt: skip


def test_a_key_is_stopped_and_told_when_to_return(workspace):
    limit(workspace, 4)
    answers = [workspace.get("/v1/whoami") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[0].headers["RateLimit-Policy"] == '"key-read";q=2;w=60, "workspace";q=4;w=60'
    assert answers[0].headers["RateLimit"].startswith('"key-read";r=1;t=')
    assert answers[1].headers["RateLimit"].startswith('"key-read";r=0;t=')
    refused = answers[2]
    assert refused.json()["code"] == "rate_limited"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["RateLimit"] == f'"key-read";r=0;t={refused.headers["Retry-After"]}'
    assert "X-Degraded" not in refused.headers


def test_keys_share_their_workspaces_limit_and_no_other(workspace, new_workspace):
    other = new_workspace()
    limit(workspace, 4)
    keys = [workspace.issue() for _ in range(3)]
    statuses = [workspace.get("/v1/whoami", key=key).status_code for key in keys for _ in "ab"]
    assert statuses == [200, 200, 200, 200, 429, 429]
    assert other.get("/v1/whoami").status_code == 200


def test_writing_does_not_use_up_reading(workspace):
    limit(workspace, 20)
    posts = [
        workspace.api.post("/v1/api_keys/none/rotate", json={}, headers=workspace.headers())
        for _ in range(2)
    ]
    assert [answer.status_code for answer in posts] == [404, 429]
    assert workspace.get("/v1/whoami").status_code == 200


def test_without_redis_limits_hold_per_process_and_say_so(serve, engines, workspace):
    limit(workspace, 4)
    down = serve(engines.model_copy(update={"redis_url": SecretStr("redis://127.0.0.1:1/0")}))
    answers = [httpx.get(f"{down}/v1/whoami", headers=workspace.headers()) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert {answer.headers["X-Degraded"] for answer in answers} == {
        "rate limits are counted per process"
    }


def test_a_refused_request_costs_the_workspace_nothing():
    limiter = RateLimiter(None)
    narrow, wide = Window("key-read", "a", 1), Window("workspace", "w", 2)
    limiter.admit(Exchange("r"), (narrow, wide))
    with pytest.raises(RateLimitedError):
        limiter.admit(Exchange("r"), (narrow, wide))
    exchange = Exchange("r")
    limiter.admit(exchange, (wide,))
    assert exchange.headers["RateLimit"].startswith('"workspace";r=0;')


@pytest.fixture
def worker(engines):
    """Make the limiter of a worker, which counts behind."""
    made = []

    def make():
        limiter = RateLimiter(connect_cache(engines))
        limiter.start()
        made.append(limiter)
        return limiter

    yield make
    for limiter in made:
        limiter.close()
        limiter.cache.close()


def admitted(limiters, asked, times):
    """Return how many of so many requests, in turn to each worker, are let in."""
    count = 0
    for number in range(times):
        exchange = Exchange("r")
        try:
            limiters[number % len(limiters)].admit(exchange, asked)
        except RateLimitedError:
            continue
        count += 1
        assert "X-Degraded" not in exchange.headers
    return count


def test_counting_behind_lets_one_worker_admit_no_more_than_the_limit(worker):
    name, limiter = new_id("key"), worker()
    asked = (Window("key-read", name, 400), Window("workspace", name, 800))
    assert admitted([limiter], asked, 450) == 400
    limiter.close()
    assert [RateLimiter(limiter.cache).left(window) for window in asked] == [0, 400]


def test_two_workers_exceed_a_limit_by_a_hundredth_each_at_most(worker):
    name = new_id("key")
    asked = (Window("key-read", name, 400),)
    assert 400 <= admitted([worker(), worker()], asked, 450) <= 408


def test_what_was_let_in_is_counted_by_the_end(worker):
    """Independent path: the library's own count of the window."""
    name, limiter = new_id("key"), worker()
    asked = (Window("key-read", name, 10_000), Window("workspace", name, 20_000))
    remaining = []
    for _ in range(60):
        exchange = Exchange("r")
        limiter.admit(exchange, asked)
        remaining.append(int(exchange.headers["RateLimit"].split("r=")[1].split(";")[0]))
    assert remaining == list(range(9_999, 9_939, -1))
    limiter.close()
    assert [RateLimiter(limiter.cache).left(window) for window in asked] == [9_940, 19_940]
