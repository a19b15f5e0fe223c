"""Does the API tell its supervisor the truth, about itself and about its engines?"""

import httpx
from pydantic import SecretStr

NOWHERE = "127.0.0.1:1"  # a port that nothing listens on


def test_health_asks_no_engine(serve, engines):
    unreachable = engines.model_copy(
        update={
            "clickhouse_url": SecretStr(f"http://default:@{NOWHERE}"),
            "database_url": SecretStr(f"postgresql://a:b@{NOWHERE}/x"),
            "redis_url": SecretStr(f"redis://{NOWHERE}/0"),
        }
    )
    url = serve(unreachable)
    assert httpx.get(f"{url}/health").json() == {"status": "ok"}
    answer = httpx.get(f"{url}/ready", timeout=20)
    problem = answer.json()
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["code"] == "engine_unavailable"
    states = {name: (e["state"], e["needed"]) for name, e in problem["engines"].items()}
    assert states == {
        "clickhouse": ("down", True), "postgres": ("down", True), "redis": ("down", False),
    }  # fmt: skip
    assert NOWHERE not in answer.text


def test_ready_names_every_engine(anonymous):
    answer = anonymous.get("/ready")
    assert answer.status_code == 200
    assert {name: engine["state"] for name, engine in answer.json()["engines"].items()} == {
        "clickhouse": "up", "postgres": "up", "redis": "up",
    }  # fmt: skip


def test_without_redis_the_api_serves_on(serve, engines, workspace):
    url = serve(engines.model_copy(update={"redis_url": None}))
    ready = httpx.get(f"{url}/ready")
    assert (ready.status_code, ready.json()["engines"]["redis"]["state"]) == (200, "off")
    assert httpx.get(f"{url}/v1/transactions", headers=workspace.headers()).status_code == 200


def test_an_unreachable_warehouse_is_a_503_without_an_address(serve, engines, workspace):
    url = serve(
        engines.model_copy(update={"clickhouse_url": SecretStr(f"http://default:@{NOWHERE}")})
    )
    answer = httpx.get(f"{url}/v1/transactions", headers=workspace.headers(), timeout=20)
    assert (answer.status_code, answer.json()["code"]) == (503, "engine_unavailable")
    assert NOWHERE not in answer.text
