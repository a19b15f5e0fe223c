"""Does anything that a client may send, or how it sends it, break the API or block others?"""

import json
import socket

import httpx
import pytest
import uvicorn

from serving.request_heads import BoundedProtocol
from serving.server import configure_server
from tests.serving.documented import APPLICATION, DOCUMENT

OPERATIONS = [
    (method.upper(), path, operation)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
    if path.startswith("/v1/")
]
TEXTS = {
    "NUL": "a\0b",
    "SQL": "x' or 1=1; drop table unified.transactions; --",
    "a ClickHouse parameter": "{limit:UInt32}",
    "a line break": "x\r\nX-Injected: 1",
    "unicode": "Zoë 𝔘 \u202e \ufffe é",
    "a path": "../../../../etc/passwd",
    "beyond 64 bits": "-170141183460469231731687303715884105729",
    "5,000 digits": "9" * 5_000,
    "infinity": "1e999",
}


def requests_of(operation, text):
    """Yield the path parameters, query and body that put `text` into one place each."""
    declared = operation.get("parameters", [])
    names = [one["name"] for one in declared if one["in"] == "path"]
    whole = dict.fromkeys(names, "x")
    for name in names:
        yield whole | {name: text}, {}, None
    for one in declared:
        if one["in"] == "query":
            yield whole, {one["name"]: text}, None
    if "requestBody" in operation:
        for body in (text, [text], {"name": text}, {text: text}, {"email": text, "role": text}):
            yield whole, {}, body


@pytest.fixture
def unlimited(workspace):
    with workspace.database.tenant(workspace.tenant) as rows:
        rows.execute("update workspaces set requests_per_minute = 2000000000")
    workspace.holds({"id": "kept"})
    return workspace


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_no_text_in_any_place_does_harm(unlimited, text):
    for method, path, operation in OPERATIONS:
        for names, query, body in requests_of(operation, text):
            filled = path
            for name, value in names.items():
                filled = filled.replace(f"{{{name}}}", str(httpx.URL("/").copy_with(
                    params={"v": value}).query, "ascii").removeprefix("v="))  # fmt: skip
            answer = unlimited.api.request(
                method, filled, params=query, json=body, headers=unlimited.headers()
            )
            told = (method, filled, query, body, answer.text)
            assert answer.status_code in (200, 201, 404, 409, 422), told
            assert "x-injected" not in answer.headers, told
    (kept,) = unlimited.get("/v1/transactions").json()["data"]
    assert kept["id"] == "kept"


BODIES = {
    "10,000 items": json.dumps({"name": "n", "scopes": ["syncs:read"] * 10_000}),
    "10,000 wrong items": json.dumps({"name": "n", "scopes": [1] * 10_000}),
    "10,000 members": json.dumps({f"member{number}": 1 for number in range(10_000)}),
    "an array": json.dumps([{"name": "n", "preset": "full"}] * 10_000),
    "nested": "[" * 100_000,
    "nested objects": '{"name":' * 20_000,
    "5,000 digits": '{"name": "n", "preset": ' + "9" * 5_000 + "}",
    "not a number": '{"name": "n", "preset": NaN}',
    "half a surrogate": '{"name": "\\ud800", "preset": "full"}',
    "NUL": '{"name": "a\\u0000b", "preset": "full"}',
    "nothing": "",
    "null": "null",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_monstrous_body_is_invalid_input(workspace, body):
    headers = workspace.headers() | {"Content-Type": "application/json"}
    answer = workspace.api.post("/v1/api_keys", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert len(answer.content) < 10_000


def test_addresses_and_headers_have_a_length(anonymous):
    long_query = anonymous.get("/v1/transactions", params={"provider": ["x"] * 1_000})
    assert (long_query.status_code, long_query.json()["code"]) == (414, "address_too_long")
    long_path = anonymous.get(f"/v1/{'x' * 9_000}")
    assert (long_path.status_code, len(long_path.json()["instance"])) == (414, 200)
    large = anonymous.get("/health", headers={"X-Padding": "x" * 20_000})
    assert (large.status_code, large.json()["code"]) == (431, "headers_too_large")
    many = anonymous.get("/health", headers=[(f"X-{number}", "x") for number in range(5_000)])
    assert many.status_code == 431


def open_socket(url: str) -> socket.socket:
    address = httpx.URL(url)
    return socket.create_connection((address.host, address.port), timeout=10)


def test_an_endless_head_is_cut_off(api_url):
    with open_socket(api_url) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nX-Endless: ")
        sent = 0
        try:
            while sent < 50_000_000:
                sent += connection.send(b"x" * 16_384)
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert 65_536 <= sent < 20_000_000  # what the two sockets buffer comes on top


class PatientProtocol(BoundedProtocol):
    arrival_seconds = 3600


def test_slow_clients_do_not_block_others(serve, engines):
    """They are waited for all the while: an answer to others cannot have waited for their end."""
    patient = serve(engines, http=PatientProtocol)
    slow = [open_socket(patient) for _ in range(200)]
    try:
        for connection in slow:
            connection.sendall(b"POST /v1/api_keys HTTP/1.1\r\nHost: api\r\nX-Slow: ")
        assert httpx.get(f"{patient}/health", timeout=60).status_code == 200
        for connection in slow:
            connection.setblocking(False)
            with pytest.raises(BlockingIOError):
                connection.recv(1)  # neither answered nor closed
    finally:
        for connection in slow:
            connection.close()


class HastyProtocol(BoundedProtocol):
    arrival_seconds = 0.3


@pytest.mark.parametrize(
    "sent",
    [
        b"", b"GET /health HTTP/1.1\r\nX-Slow: ",
        b"POST /v1/api_keys HTTP/1.1\r\nHost: api\r\nContent-Length: 100\r\n\r\n{",
        b"GET /health HTTP/1.1\r\nHost: api\r\n\r\n|GET /health HTTP/1.1\r\nX-Slow: ",
    ],
    ids=["nothing", "half a head", "half a body", "half a second head"],
)  # fmt: skip
def test_a_request_that_does_not_arrive_is_given_up(hasty, sent):
    with open_socket(hasty) as connection:
        *whole, last = sent.split(b"|")
        received = b""
        for request in whole:  # its answer is here before the time of the next begins
            connection.sendall(request)
            while b'{"status":"ok"}' not in received:
                received += connection.recv(65_536) or pytest.fail("closed before its answer")
        connection.sendall(last)
        while part := connection.recv(65_536):
            received += part
        assert received.count(b"HTTP/1.1 200") == sent.count(b"Host: api\r\n\r\n")


@pytest.fixture(scope="module")
def hasty(serve, engines):
    return serve(engines, http=HastyProtocol)


def test_the_server_is_configured_with_these_limits():
    configured = configure_server(APPLICATION)
    assert isinstance(configured, uvicorn.Config)
    assert configured.http is BoundedProtocol
