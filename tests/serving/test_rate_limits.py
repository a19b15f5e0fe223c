"""Is nobody let ask too often, with Redis and without, and does each answer say what is left?"""

import httpx
import pytest
from pydantic import SecretStr

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
