"""What does a request ask for, once its URL, headers and form are read?

ClickHouse mixes three things in the query string: words of the HTTP interface, bound parameters
(``param_*``) and, for everything else, settings of the query.
"""

import base64
import binascii
from dataclasses import dataclass, field

from local.clickhouse.failures import failure

# Words that the interface itself understands, or that only make sense to a server with users.
_INTERFACE_WORDS = {
    "query", "database", "user", "password", "quota_key", "query_id", "session_id",
    "session_timeout", "session_check", "close_session", "default_format", "compress",
    "decompress", "buffer_size", "wait_end_of_query", "stacktrace", "role",
    "client_protocol_version", "enable_http_compression", "http_zlib_compression_level",
    "send_progress_in_http_headers", "http_headers_progress_interval_ms",
    "add_http_cors_header", "cancel_http_readonly_queries_on_client_close",
    "http_native_compression_disable_checksumming_on_decompress", "http_response_headers",
    "framing",
}  # fmt: skip


@dataclass(frozen=True)
class QueryRequest:
    """One request for a query, before its text is known in full."""

    method: str
    query: str
    database: str
    user: str
    password: str
    query_id: str
    session_id: str
    session_timeout: int
    session_check: bool
    close_session: bool
    default_format: str
    accept_encoding: str
    wait_end_of_query: bool
    buffer_size: int
    settings: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)


def read_request(method: str, words: dict[str, str], headers: dict[str, str]) -> QueryRequest:
    """Read a request from its words, of URL and form, and its headers by lower-case name."""
    user, password = _credentials(words, headers)
    for flag in ("compress", "decompress"):
        if words.get(flag, "0") not in {"0", "false"}:
            raise failure(
                48,
                "NOT_IMPLEMENTED",
                f"The native compression asked for with '{flag}' is not available here: use "
                "HTTP compression",
            )
    compressed = words.get("enable_http_compression", "0") not in {"0", "false", ""}
    return QueryRequest(
        method=method,
        query=words.get("query", ""),
        database=words.get("database") or headers.get("x-clickhouse-database", ""),
        user=user,
        password=password,
        query_id=words.get("query_id", ""),
        session_id=words.get("session_id", ""),
        session_timeout=_session_timeout(words),
        session_check=words.get("session_check", "0") == "1",
        close_session=words.get("close_session", "0") == "1",
        default_format=words.get("default_format")
        or headers.get("x-clickhouse-format")
        or "TabSeparated",
        accept_encoding=headers.get("accept-encoding", "") if compressed else "",
        wait_end_of_query=words.get("wait_end_of_query", "0") == "1",
        buffer_size=_whole_number(words, "buffer_size", 1 << 20),
        settings={
            name: value
            for name, value in words.items()
            if name not in _INTERFACE_WORDS and not name.startswith("param_")
        },
        parameters={name[6:]: value for name, value in words.items() if name.startswith("param_")},
    )


def _whole_number(words: dict[str, str], name: str, otherwise: int) -> int:
    value = words.get(name, "")
    if not value:
        return otherwise
    if not value.isdigit():
        raise failure(72, "CANNOT_PARSE_NUMBER", f"Cannot parse '{value}' as a number for '{name}'")
    return int(value)


def _session_timeout(words: dict[str, str]) -> int:
    value = words.get("session_timeout", "60")
    if not value.isdigit():
        raise failure(374, "INVALID_SESSION_TIMEOUT", f"Invalid session timeout: '{value}'")
    if int(value) > 3600:
        raise failure(
            374,
            "INVALID_SESSION_TIMEOUT",
            f"Session timeout '{value}' is larger than max_session_timeout: 3600. "
            "Maximum session timeout could be modified in configuration file.",
        )
    return int(value)


def _credentials(words: dict[str, str], headers: dict[str, str]) -> tuple[str, str]:
    if "x-clickhouse-user" in headers or "x-clickhouse-key" in headers:
        return headers.get("x-clickhouse-user") or "default", headers.get("x-clickhouse-key", "")
    scheme, _, encoded = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise failure(516, "AUTHENTICATION_FAILED", "Invalid authentication header") from None
        return user or "default", password
    return words.get("user") or "default", words.get("password", "")
