"""Is an answer kept exactly as long as it is true, and never shown to another workspace?"""

import httpx
import redis
from pydantic import SecretStr


def get(workspace, url=None, *, tag=None, **parameters):
    headers = workspace.headers() | ({"If-None-Match": tag} if tag else {})
    target = f"{url or ''}/v1/transactions"
    client = httpx if url else workspace.api
    return client.get(target, params=parameters, headers=headers)


def test_nothing_new_is_a_304_without_a_body(workspace):
    workspace.holds({"id": "a"})
    first = get(workspace)
    again = get(workspace, tag=first.headers["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["X-Data-As-Of"] == first.headers["X-Data-As-Of"]
    for tag in ("*", f"W/{first.headers['ETag']}", f'"other", {first.headers["ETag"]}'):
        assert get(workspace, tag=tag).status_code == 304
    assert get(workspace, tag='"other"').status_code == 200


def test_new_rows_are_seen_at_once(workspace):
    workspace.holds({"id": "a"})
    first = get(workspace)
    workspace.holds({"id": "b"})
    second = get(workspace, tag=first.headers["ETag"])
    assert [row["id"] for row in second.json()["data"]] == ["a", "b"]
    workspace.holds({"id": "a", "version": 2, "is_deleted": 1})
    third = get(workspace, tag=second.headers["ETag"])
    assert [row["id"] for row in third.json()["data"]] == ["b"]


def test_the_kept_answer_is_the_computed_one(serve, workspace, engines):
    """The warehouse is asked once: what Redis holds is changed, and comes back changed."""
    workspace.holds({"id": "a"})
    first = get(workspace)
    client = redis.Redis.from_url(engines.required("redis_url"))
    key = f"answer|{workspace.tenant}|{first.headers['ETag'][1:-1]}"
    assert client.get(key) == first.content
    client.set(key, b'{"kept": true}')
    assert get(workspace).json() == first.json()  # its own memory comes before
    another_worker = serve(engines)
    assert get(workspace, another_worker).json() == {"kept": True}
    assert get(workspace, another_worker, limit=7).json() == first.json()


def test_workspaces_never_share_an_answer(workspace, new_workspace):
    other = new_workspace()
    row = {"id": "same", "connection_id": "conn_same"}
    workspace.holds(row | {"description": "mine"})
    other.holds(row | {"description": "theirs"})
    mine, theirs = get(workspace), get(other)
    assert mine.headers["ETag"] != theirs.headers["ETag"]
    assert get(other, tag=mine.headers["ETag"]).json() == theirs.json() != mine.json()


def test_another_question_has_another_tag(workspace):
    workspace.holds({"id": "a"})
    tags = {
        get(workspace, **asked).headers["ETag"]
        for asked in ({}, {"limit": 1}, {"status": "failed"}, {"since": "2024-01-01"})
    }
    assert len(tags) == 4


def test_without_redis_answers_are_computed(serve, engines, workspace):
    workspace.holds({"id": "a"})
    for redis_url in (None, SecretStr("redis://127.0.0.1:1/0")):
        url = serve(engines.model_copy(update={"redis_url": redis_url}))
        first = get(workspace, url)
        assert [row["id"] for row in first.json()["data"]] == ["a"]
        assert get(workspace, url, tag=first.headers["ETag"]).status_code == 304


def test_metrics_are_kept_too(workspace):
    first = workspace.get("/v1/metrics/mrr")
    headers = workspace.headers() | {"If-None-Match": first.headers["ETag"]}
    assert workspace.api.get("/v1/metrics/mrr", headers=headers).status_code == 304
