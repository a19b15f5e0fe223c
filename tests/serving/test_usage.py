"""Does a workspace see all it asked, exactly, and is expensive work bounded by quotas?"""

import threading
from collections import Counter
from datetime import timedelta

import httpx
import pytest
import redis
from pydantic import SecretStr

from core.cache import connect_cache
from core.clock import utc_now
from core.connections import ConnectionStore
from core.errors import EngineUnavailableError
from core.secrets import SecretBox
from serving.usage.book import UsageBook


def connect(workspace, account):
    box = SecretBox.from_keys(workspace.settings.required("encryption_keys"))
    made = ConnectionStore(workspace.database, box).connect(
        workspace.tenant, provider="stripe", name=account, provider_account_id=account,
        api_url="http://127.0.0.1:1", credentials={"api_key": "sk_test_1"},
    )  # fmt: skip
    return made.id


def figures(workspace, **asked):
    rows = workspace.get("/v1/usage", **asked).json()["data"]
    return Counter(
        {(row["caller_id"], row["route_class"]): row["requests"] for row in rows}
    )  # fmt: skip


def test_every_request_is_counted_by_caller_and_class(workspace):
    caller = workspace.get("/v1/whoami").json()["key_id"]
    for _ in range(4):
        workspace.get("/v1/transactions")
    workspace.get("/v1/transactions/export")
    workspace.api.post("/v1/api_keys/none/rotate", json={}, headers=workspace.headers())
    # This request, and those above: whoami, four lists; one export; one write.
    assert figures(workspace) == {(caller, "read"): 6, (caller, "export"): 1, (caller, "write"): 1}
    assert figures(workspace, route_class="export") == {(caller, "export"): 1}
    assert figures(workspace, caller_id="key_other") == {}
    (row,) = workspace.get("/v1/usage", route_class="write").json()["data"]
    assert (row["day"], row["limited"]) == (str(utc_now().date()), 0)


def test_what_was_refused_is_counted_as_such(workspace):
    with workspace.database.tenant(workspace.tenant) as rows:
        rows.execute("update workspaces set requests_per_minute = 4")
    statuses = [workspace.get("/v1/whoami").status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    with workspace.database.tenant(workspace.tenant) as rows:
        rows.execute("update workspaces set requests_per_minute = 100000")
    other = workspace.issue()  # whose limits nobody remembers
    caller = workspace.get("/v1/whoami", key=other).json()["key_id"]
    rows = workspace.get("/v1/usage", key=other).json()["data"]
    (row,) = (row for row in rows if row["caller_id"] != caller)
    assert (row["requests"], row["limited"]) == (3, 1)


def test_another_workspaces_use_is_not_seen(workspace, new_workspace):
    new_workspace().get("/v1/whoami")
    assert sum(figures(workspace).values()) == 1


def test_use_is_listed_page_by_page(workspace):
    today = utc_now().date()
    days = [str(today - timedelta(days=back)) for back in range(1, 4)]
    with workspace.database.tenant(workspace.tenant) as rows:
        for day in days:
            for epoch, number in (("a", 3), ("b", 4)):
                rows.execute(
                    "insert into api_usage values (%s, %s, 'key_x', 'read', %s, %s, 0)",
                    [str(workspace.tenant), day, epoch, number],
                )
    seen, cursor = [], {}
    while cursor is not None:
        page = workspace.get("/v1/usage", caller_id="key_x", limit=2, **cursor).json()
        seen += [(row["day"], row["requests"]) for row in page["data"]]
        cursor = {"cursor": page["next_cursor"]} if page["has_more"] else None
    assert seen == [(day, 7) for day in days]
    for wrong in ("W10", "WyJ4IiwiYSIsImIiXQ"):
        assert workspace.get("/v1/usage", cursor=wrong).status_code == 422


@pytest.fixture
def own_redis(engines):
    client = connect_cache(engines)
    yield client
    client.close()


def stored(workspace):
    with workspace.database.tenant(workspace.tenant) as rows:
        return [
            (row["caller_id"], row["requests"])
            for row in rows.execute("select * from api_usage order by requests")
        ]


def test_many_workers_add_up_and_writing_again_changes_nothing(workspace, own_redis, database):
    books = [UsageBook(own_redis, database) for _ in range(3)]

    def work(book):
        for _ in range(200):
            book.count(workspace.tenant, "key_x", "read")

    threads = [threading.Thread(target=work, args=(book,)) for book in books for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for book in books * 2:
        book.settle(workspace.tenant)
    assert stored(workspace) == [("key_x", 1200)]


def test_counting_goes_on_when_redis_forgets(workspace, own_redis, database):
    book = UsageBook(own_redis, database)
    for _ in range(5):
        book.count(workspace.tenant, "key_x", "read")
    book.settle(workspace.tenant)
    own_redis.delete(f"usage|{workspace.tenant}|{utc_now().date()}")
    for _ in range(2):
        book.count(workspace.tenant, "key_x", "read")
    book.settle(workspace.tenant)
    assert stored(workspace) == [("key_x", 2), ("key_x", 5)]


def test_a_redis_that_is_away_costs_no_count(workspace, own_redis, database):
    away = redis.Redis.from_url("redis://127.0.0.1:1/0")
    book = UsageBook(away, database)
    book.count(workspace.tenant, "key_x", "read")
    with pytest.raises(redis.RedisError):
        book.settle(workspace.tenant)
    book.cache = own_redis
    book.settle(workspace.tenant)
    assert stored(workspace) == [("key_x", 1)]


def test_a_postgres_that_is_away_costs_no_count(workspace, own_redis, database, engines):
    class Away:
        def tenant(self, _):
            raise EngineUnavailableError("away")

    book = UsageBook(own_redis, Away())
    book.count(workspace.tenant, "key_x", "read")
    with pytest.raises(EngineUnavailableError):
        book.settle(workspace.tenant)
    UsageBook(own_redis, database).settle(workspace.tenant)
    assert stored(workspace) == [("key_x", 1)]


def test_without_redis_and_at_its_end_an_api_writes_what_it_counted(serve, engines, workspace):
    url = serve(engines.model_copy(update={"redis_url": None}))
    for _ in range(3):
        httpx.get(f"{url}/v1/whoami", headers=workspace.headers())
    answer = httpx.get(f"{url}/v1/usage", headers=workspace.headers()).json()
    assert [row["requests"] for row in answer["data"]] == [4]


def test_a_book_that_is_closed_has_written_everything(workspace, own_redis, database):
    book = UsageBook(own_redis, database)
    book.start()
    book.count(workspace.tenant, "key_x", "read")
    book.close()
    assert stored(workspace) == [("key_x", 1)]


def test_expensive_work_has_a_quota_of_the_workspaces_own(workspace):
    with workspace.database.tenant(workspace.tenant) as rows:
        rows.execute("update workspaces set exports_per_day = 2")
    keys = [workspace.key, workspace.issue(), workspace.issue()]
    answers = [workspace.get("/v1/transactions/export", key=key) for key in keys]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[0].headers["RateLimit-Policy"].endswith('"exports_per_day";q=2;w=86400')
    assert answers[0].headers["RateLimit"].startswith('"key-export"')
    problem = answers[2].json()
    assert (problem["code"], problem["quota"]) == ("quota_exceeded", "exports_per_day")
    assert 86_000 < int(answers[2].headers["Retry-After"]) <= 86_400
    assert workspace.get("/v1/transactions").status_code == 200
    quotas = workspace.get("/v1/usage").json()["quotas"]
    assert quotas == [
        {"quota": "syncs_per_day", "limit": 1000, "left": 1000},
        {"quota": "exports_per_day", "limit": 2, "left": 0},
    ]


def test_who_may_not_do_it_uses_up_no_quota(workspace):
    powerless = workspace.issue(scopes={"accounts:read"})
    for _ in range(2):
        assert workspace.get("/v1/transactions/export", key=powerless).status_code == 403
    assert left(workspace) == {"syncs_per_day": 1000, "exports_per_day": 200}


def left(workspace):
    quotas = workspace.get("/v1/usage").json()["quotas"]
    return {one["quota"]: one["left"] for one in quotas}


def test_what_is_refused_or_repeated_uses_up_no_quota(workspace):
    """The last one that is left is there still for the request that does something."""
    with workspace.database.tenant(workspace.tenant) as rows:
        rows.execute("update workspaces set syncs_per_day = 1, exports_per_day = 1")

    def sync(name, **body):
        headers = {**workspace.headers(), "Idempotency-Key": name}
        return workspace.api.post("/v1/transactions.sync", json=body, headers=headers)

    assert sync("a").status_code == 409  # there is nothing to sync
    assert sync("b", connection_id="conn_0").status_code == 404
    assert sync("c", unknown=1).status_code == 422
    assert workspace.get("/v1/transactions/export", format="xls").status_code == 422
    assert workspace.get("/v1/metrics/nothing/export").status_code in (404, 422)
    assert left(workspace) == {"syncs_per_day": 1, "exports_per_day": 1}

    first = connect(workspace, "acct_a")
    begun = sync("d", connection_id=first)
    assert (begun.status_code, left(workspace)["syncs_per_day"]) == (202, 0)
    connect(workspace, "acct_b")
    again = sync("d", connection_id=first)
    assert (again.status_code, again.json()) == (202, begun.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert sync("e", connection_id=first).json() == begun.json()  # joined
    refused = sync("f")
    assert (refused.status_code, refused.json()["code"]) == (429, "quota_exceeded")
    assert len(workspace.get("/v1/syncs").json()["data"]) == 1


def test_without_redis_quotas_hold_per_process(serve, engines, workspace):
    with workspace.database.tenant(workspace.tenant) as rows:
        rows.execute("update workspaces set exports_per_day = 1")
    down = serve(engines.model_copy(update={"redis_url": SecretStr("redis://127.0.0.1:1/0")}))
    answers = [
        httpx.get(f"{down}/v1/transactions/export", headers=workspace.headers()) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [200, 429]
    usage = httpx.get(f"{down}/v1/usage", headers=workspace.headers())
    assert (usage.status_code, usage.json()["data"]) == (200, [])
    assert "missing" in usage.headers["X-Degraded"]
