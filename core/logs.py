"""How does the platform speak to its operator? One structured line per event, no secrets.

Redaction is the last step before rendering: keys that name a secret lose their value, and text
that looks like a credential is cut wherever it stands, nested values and exceptions included.
"""

import logging
import re
import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import structlog

from core.settings import Settings

# What they warn of, they raise as well, and whoever calls them says it once.
_DRIVERS = ("clickhouse_connect", "urllib3")
REDACTED = "[redacted]"
# Libraries that tell every step at level info; their warnings are wanted.
_TALKATIVE = ("alembic", "great_expectations", "httpcore", "httpx")
_SECRET_NAMES = re.compile(
    r"(authorization|password|passwd|secret|token|api_?key|credential|cookie|signature)", re.I
)
_SECRET_TEXTS = re.compile(
    r"\b(?:sk|rk|pk|whsec|opk)_(?:live|test)?_?[A-Za-z0-9]{6,}\w*"  # provider keys and our own
    r"|\b(?:access|public|link)-(?:sandbox|development|production)-[\w-]{6,}"  # Plaid's
    r"|\btest_token_\w{6,}|\btoken_[a-z0-9]{16,}"  # Teller's
    r"|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"  # user:password in a URL
    r"|(?<=Bearer )[A-Za-z0-9._~+/=-]{8,}"
    r"|(?<=Basic )[A-Za-z0-9+/=]{8,}"
)


def redact(value: Any) -> Any:
    """Return `value` with every secret in it replaced, whatever it is nested in."""
    if isinstance(value, str):
        return _SECRET_TEXTS.sub(REDACTED, value)
    if isinstance(value, Mapping):
        return {
            key: REDACTED if item and _names_secret(str(key)) else redact(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        cleaned = [redact(item) for item in value]
        return cleaned if isinstance(value, list) else tuple(cleaned)
    return value


@lru_cache(maxsize=1000)  # every line has the same few names
def _names_secret(name: str) -> bool:
    return _SECRET_NAMES.search(name) is not None


def _redact_event(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    cleaned: structlog.typing.EventDict = redact(event)
    return cleaned


def configure_logging(settings: Settings) -> None:
    """Set structlog and the standard library's logging to one redacted stream on stderr."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _redact_event,
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level.upper())
    if settings.log_level != "debug":
        for name in _TALKATIVE:
            logging.getLogger(name).setLevel(logging.WARNING)
        quiet_drivers()


def quiet_drivers() -> None:
    """Keep the drivers' own word on each attempt out of the log: two lines per request that fails.

    Also for processes whose logging somebody else set up: Dagster's.
    """
    for name in _DRIVERS:
        logging.getLogger(name).setLevel(logging.ERROR)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return a logger whose first word says which room speaks."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger
