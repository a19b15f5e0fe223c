"""How is Redis reached? One pooled client with short timeouts: a cache that is slow is off."""

import redis

from core.settings import Settings

TIMEOUT_SECONDS = 0.5


def connect_cache(settings: Settings) -> redis.Redis:
    """Open the client of `settings.redis_url`; connects on first use.

    Raises:
        ConfigurationError: No URL is set.
    """
    return redis.Redis.from_url(
        settings.required("redis_url"),
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        health_check_interval=30,
        decode_responses=False,
    )
