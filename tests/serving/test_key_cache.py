"""For how long is a found key remembered? As long as changes are told, and not all alike."""

from types import SimpleNamespace

from core.tenancy import TenantId
from serving.auth import key_cache
from serving.auth.key_cache import KeyCache


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
    assert looked_up(14.9) == 0
    assert 50 < looked_up(22.5) < 150
    assert looked_up(30.0) == 200
    # Nobody has told of changes for a while: half a second is all that a key is trusted for.
    clock[0] = 100.4
    cache.changes.informed_at = 99.0
    asked.clear()
    cache.find(tenant, "key_0")
    assert asked == []
    clock[0] = 100.6
    cache.find(tenant, "key_0")
    assert asked == ["key_0"]
