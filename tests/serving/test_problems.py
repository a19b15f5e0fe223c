"""Is every error an RFC 9457 problem that tells what to do and nothing that it should not?"""

import httpx
import pytest
from fastapi import FastAPI

from core.logs import configure_logging
from serving.app import create_app
from serving.auth.keys import mint_key
from serving.auth.scope import required_permissions

MEMBERS = {"type", "title", "status", "detail", "code", "instance", "request_id", "next_step"}


def assert_problem(answer: httpx.Response, status: int, code: str) -> dict:
    problem = answer.json()
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(problem) - {"errors", "engines"} == MEMBERS
    assert problem["status"] == status
    assert problem["code"] == code
    assert problem["type"] == f"urn:oppulence:problem:{code}"
    assert problem["instance"] == answer.request.url.path
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    assert problem["title"]
    assert problem["detail"]
    assert problem["next_step"]
    return problem


def test_a_path_that_does_not_exist(anonymous):
    assert_problem(anonymous.get("/v1/nothing"), 404, "not_found")


def test_a_method_that_is_not_offered(anonymous):
    answer = anonymous.delete("/health")
    assert_problem(answer, 405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET"
    assert anonymous.options("/v1/api_keys").headers["Allow"] == "GET, POST"
    answer = anonymous.put("/v1/connections/conn_x")
    assert answer.headers["Allow"] == "DELETE, GET, PATCH"


def test_a_body_that_is_no_text_is_invalid_input(workspace):
    headers = workspace.headers() | {"Content-Type": "application/json"}
    answer = workspace.api.post("/v1/api_keys", content=b"\xff\xfe{}", headers=headers)
    assert_problem(answer, 422, "invalid_input")


def test_a_missing_key_is_challenged(anonymous):
    answer = anonymous.get("/v1/transactions")
    assert_problem(answer, 401, "invalid_api_key")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="oppulence"'


def test_a_body_beyond_the_limit_is_refused(workspace):
    answer = workspace.api.request(
        "GET", "/v1/transactions", content=b"x" * 1_000_001, headers=workspace.headers()
    )
    assert_problem(answer, 413, "body_too_large")


def test_a_body_of_unknown_length_is_cut_at_the_limit(anonymous):
    def chunks():
        for _ in range(11):
            yield b"x" * 100_000

    answer = anonymous.post("/v1/nothing", content=chunks())
    assert_problem(answer, 404, "not_found")  # never read: nothing there takes a body


def test_an_invalid_value_is_not_repeated_to_the_caller_or_the_log(workspace, capfd):
    secret = "sk_live_" + "9f8e7d6c5b4a39281706"
    answer = workspace.get("/v1/transactions", limit=secret)
    problem = assert_problem(answer, 422, "invalid_input")
    assert problem["errors"] == [
        {
            "location": "query.limit",
            "message": "Input should be a valid integer, unable to parse string as an integer",
        }
    ]
    assert secret not in answer.text + "".join(capfd.readouterr())


def test_an_unforeseen_failure_is_logged_and_leaks_nothing(engines, capfd):
    application = create_app(engines)

    @application.get("/broken")
    def broken() -> None:
        raise RuntimeError("the password is swordfish at 10.0.0.7")

    configure_logging(engines)
    transport = httpx.ASGITransport(application)

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            return await client.get("/broken", headers={"X-Request-Id": "mine-1"})

    import anyio

    answer = anyio.run(ask)
    problem = assert_problem(answer, 500, "internal_error")
    assert problem["request_id"] == "mine-1"
    assert "swordfish" not in answer.text
    logged = capfd.readouterr().err
    assert "swordfish" in logged
    assert "mine-1" in logged


@pytest.mark.parametrize("sent", ["a" * 65, "two words", "x;y", ""])
def test_a_strange_request_id_is_replaced(anonymous, sent):
    answered = anonymous.get("/health", headers={"X-Request-Id": sent}).headers["X-Request-Id"]
    assert answered != sent
    assert answered.startswith("req_")


def test_a_plain_request_id_comes_back(anonymous):
    answer = anonymous.get("/health", headers={"X-Request-Id": "trace-7.b_2"})
    assert answer.headers["X-Request-Id"] == "trace-7.b_2"


def test_no_key_reaches_the_log(workspace, engines, capfd):
    configure_logging(engines)
    logged = ""
    for _ in range(20):  # the server's thread writes its line when it likes
        workspace.get("/v1/transactions")
        workspace.get("/v1/transactions", key=mint_key("live"))
        logged += "".join(capfd.readouterr())
        if "/v1/transactions" in logged and str(workspace.tenant) in logged:
            break
    assert "/v1/transactions" in logged
    assert "opk_" not in logged
    assert str(workspace.tenant) in logged


def test_an_unscoped_route_cannot_be_started():
    application = FastAPI()

    @application.get("/v1/leak")
    def leak() -> None: ...

    with pytest.raises(TypeError, match="/v1/leak must take one scope"):
        required_permissions(application)
