"""How is Redis reached? One pooled client with short timeouts: a cache that is slow is off."""

from typing import Any

import redis
import redis.asyncio

from core.settings import Settings

TIMEOUT_SECONDS = 0.5
_OPTIONS: dict[str, Any] = {
    "socket_timeout": TIMEOUT_SECONDS,
    "socket_connect_timeout": TIMEOUT_SECONDS,
    "health_check_interval": 30,
    "decode_responses": False,
}


def connect_cache(settings: Settings) -> redis.Redis:
    """Open the client of `settings.redis_url`; connects on first use.

    Raises:
        ConfigurationError: No URL is set.
    """
    return redis.Redis.from_url(settings.required("redis_url"), **_OPTIONS)


def connect_cache_on_loop(settings: Settings) -> redis.asyncio.Redis:
    """Open a client as `connect_cache` does, for an event loop.

    Raises:
        ConfigurationError: No URL is set.
    """
    return redis.asyncio.Redis.from_url(settings.required("redis_url"), **_OPTIONS)
