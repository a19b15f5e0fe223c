"""Is a list made on the server's loop, of rows at hand or not, what the application answers?

Independent path: the application itself, on a server without a cache, asked in a way that no lane
understands (a cookie beside the key).
"""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from serving.transactions.heads import AT_HAND_BYTES, ROWS, Head, Heads, Row

PATH = "/v1/transactions"
NEWEST = datetime(2024, 5, 1, tzinfo=UTC)
FILTERS = [
    {}, {"limit": "83"}, {"limit": "500"}, {"provider": "plaid"}, {"status": "failed"},
    {"type": "refund", "currency": "JPY"}, {"connection_id": "conn_b"}, {"account_id": "acc_1"},
    {"customer_id": "cus_3"}, {"amount_from": "0", "amount_to": "40"}, {"direction": "out"},
    {"pending": "true"}, {"pending": "false", "limit": "60"}, {"since": "2024-04-30T12:00:00.5Z"},
    {"until": "2024-04-30"}, {"since": "2024-04-29", "until": "2024-04-30T06:00:00Z"},
    {"search": "row 1"}, {"search": "ROW", "status": "failed", "limit": "50"},
    {"fields": "id,amount"}, {"sort": "amount", "limit": "200"}, {"customer_id": "cus_nobody"},
]  # fmt: skip


@pytest.fixture(scope="module")
def long_way(serve, engines, warehouse):
    """Ask the application itself; nothing that was answered before is at hand there."""
    url = serve(engines.model_copy(update={"redis_url": None}))

    def ask(workspace, query):
        headers = workspace.headers() | {"Cookie": "a=b"}
        return httpx.get(f"{url}{PATH}", params=query, headers=headers, timeout=60)

    return ask


@pytest.fixture
def full(workspace):
    """A workspace of more rows than are kept at hand, some of one moment, some changed later."""
    rows = [
        {
            "id": f"r{number:04}", "provider": ("stripe", "plaid")[number % 5 == 0],
            "connection_id": ("conn_a", "conn_b")[number % 3 == 0],
            "status": ("succeeded", "failed", "pending")[number % 3],
            "type": ("charge", "refund")[number % 4 == 0], "account_id": f"acc_{number % 2}",
            "customer_id": None if number % 7 == 0 else f"cus_{number % 5}",
            "currency": ("EUR", "JPY", "KWD")[number % 3], "amount_minor": number * 37 % 101 - 50,
            "description": f"Row {number} \N{SNOWMAN}",
            "occurred_at": NEWEST - timedelta(minutes=20 * (number // 2)),
        }
        for number in range(ROWS + 60)
    ]  # fmt: skip
    workspace.holds(*rows)
    workspace.holds(
        {**rows[4], "version": 2, "status": "failed"},
        {**rows[5], "version": 2, "is_deleted": 1},
        {**rows[10], "version": 2, "occurred_at": NEWEST - timedelta(days=3)},  # a bank's moves
    )
    return workspace


def walked(ask, query):
    """Return the bytes and tags of every page."""
    found, cursor = [], None
    while True:
        answer = ask({**query, **({} if cursor is None else {"cursor": cursor})})
        assert answer.status_code == 200, answer.text
        found.append((answer.content, answer.headers["ETag"], answer.headers["X-Data-As-Of"]))
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return found


def test_every_page_is_the_applications_to_the_byte(full, long_way):
    expected = [walked(lambda asked: long_way(full, asked), query) for query in FILTERS]
    for _ in range(2):  # some asked of ClickHouse the first time, all the second time at hand
        found = [walked(lambda asked: full.get(PATH, **asked), query) for query in FILTERS]
        assert found == expected
    everything = walked(lambda asked: full.get(PATH, **asked), {"limit": "100"})
    assert sum(page.count(b'"id":') for page, _, _ in everything) == ROWS + 60 - 1


def test_what_changed_is_seen_in_what_was_at_hand(full, long_way):
    for limit in range(2, 6):  # another question each time: the rows are at hand by the third
        assert full.get(PATH, limit=limit).status_code == 200
    full.holds({"id": "r0001", "connection_id": "conn_a", "version": 9, "occurred_at": NEWEST})
    full.holds({"id": "new", "occurred_at": NEWEST + timedelta(days=1)})
    for limit in range(6, 9):
        assert full.get(PATH, limit=limit).content == long_way(full, {"limit": limit}).content
    assert full.get(PATH, limit=1).json()["data"][0]["id"] == "new"


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=5&limit=6", "nonsense=1", "status=", "cursor=abc", "since=tomorrow",
     "amount_to=99999999999999999999999", "provider=%00", "search=%ff%fe", "&&", "limit=+7",
     "limit=7&cursor=", "status=failed%26type=x", "limit=7%20", "pending=1", "pending=maybe",
     "sort=-occurred_at&limit=3", "fields=nothing", "enrich=yes&limit=1"],
)  # fmt: skip
def test_what_is_asked_oddly_is_understood_as_the_application_does(workspace, long_way, query):
    workspace.holds({"id": "a"}, {"id": "b", "status": "failed"})

    def told(answer):
        problem = answer.json()
        if answer.status_code != 200:
            problem.pop("request_id")
        return answer.status_code, problem

    headers = workspace.headers()
    answers = [workspace.api.get(f"{PATH}?{query}", headers=headers) for _ in range(2)]
    expected = told(long_way(workspace, query))
    assert [told(answer) for answer in answers] == [expected, expected]


def row(number, json=b"{}"):
    return Row(number, "r", "c", "stripe", "failed", "charge", "a", None, "EUR", 1, json)


def test_what_is_at_hand_stays_within_its_bytes_and_the_least_used_goes():
    heads, large = Heads(), b"x" * (AT_HAND_BYTES // 3)
    for name in "abc":
        heads.keep(name, Head("1", [row(1, large)], is_all=True))
        heads.of("a", "1")
    assert [heads.of(name, "1") is not None for name in "abc"] == [True, False, True]
    heads.keep("a", Head("2", [row(1)], is_all=True))
    heads.keep("d", Head("1", [row(1, large)], is_all=True))
    assert [heads.of(name, "1") is not None for name in "acd"] == [False, True, True]
    assert heads.of("a", "2") is not None
