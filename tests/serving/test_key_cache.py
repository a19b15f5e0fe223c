"""For how long is a found key remembered? As long as changes are told, and not all alike."""

import time
from types import SimpleNamespace

import psycopg

from core.clock import utc_now
from core.tenancy import TenantId
from serving.auth import access_changes, key_cache
from serving.auth.key_cache import KeyCache
from serving.auth.key_store import revoke_key
from serving.auth.keys import hash_key


def test_keys_that_were_found_together_are_not_looked_up_together_again(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(key_cache.time, "monotonic", lambda: clock[0])
    asked = []
    monkeypatch.setattr(
        key_cache, "find_key", lambda _, tenant, key, **__: asked.append(key) or (tenant, key)
    )
    cache = KeyCache(database=None, secret="secret")
    cache.changes = SimpleNamespace(informed_at=100.0)
    tenant, keys = TenantId("ws_a"), [f"key_{number}" for number in range(200)]

    def looked_up(seconds: float) -> int:
        """Return how many of the keys are looked up so long after they were first."""
        clock[0] = cache.changes.informed_at = 100.0 + seconds
        kept = dict(cache._remembered)
        asked.clear()
        assert [cache.find(tenant, key) for key in keys] == [(tenant, key) for key in keys]
        cache._remembered.clear()
        cache._remembered.update(kept)
        return len(asked)

    assert looked_up(0) == 200
    for key in keys:
        cache.find(tenant, key)
    assert looked_up(29.9) == 0
    assert 50 < looked_up(45.0) < 150
    assert looked_up(60.0) == 200
    # Nobody has told of changes for a while: half a second is all that a key is trusted for.
    clock[0] = 100.4
    cache.changes.informed_at = 99.0
    asked.clear()
    cache.find(tenant, "key_0")
    assert asked == []
    clock[0] = 100.6
    cache.find(tenant, "key_0")
    assert asked == ["key_0"]


def test_a_key_revoked_while_nobody_listened_is_not_trusted_after(workspace, monkeypatch):
    monkeypatch.setattr(access_changes, "_RETRY_SECONDS", key_cache.INFORMED_SECONDS + 0.3)
    settings, tenant = workspace.settings, workspace.tenant
    secret, url = settings.required("api_key_secret"), settings.required("database_url")
    cache = KeyCache(workspace.database, secret, url)
    cache.start()

    def wait_until_told() -> None:
        after = time.monotonic()
        while cache.changes.informed_at < after:
            time.sleep(0.02)

    try:
        wait_until_told()
        found = cache.find(tenant, workspace.key)
        name = (str(tenant), hash_key(workspace.key, secret))
        deadline = time.monotonic() + 60
        while cache.remembered(name) is not found:  # a beat may be late
            assert time.monotonic() < deadline
        with psycopg.connect(url, autocommit=True) as beside:
            (ended,) = beside.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where query = 'listen oppulence_access' order by backend_start desc limit 1"
            ).fetchall()
        assert ended == (True,)
        with workspace.database.tenant(tenant) as rows:  # told to nobody
            revoke_key(rows, found.id, now=utc_now())
        wait_until_told()
        assert cache.find(tenant, workspace.key).revoked_at is not None
    finally:
        cache.close()
