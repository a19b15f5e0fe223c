"""Which text, code and HTTP status does a failure have on the wire?

ClickHouse clients tell failures apart by the code in ``Code: N. DB::Exception: …`` and by the
HTTP status; both are a server's, so both are decided here and nowhere else.
"""

import re
from http import HTTPStatus

_CODE_AT_START = re.compile(r"\s*Code: (\d+)\. ")
_VERSION_AT_END = re.compile(r" \(version [^()]+(?:\([^()]*\))?\)\s*$")
# An INSERT from a spooled file wraps the parser's failure once more and adds the file's name.
_WRAPPED = re.compile(
    r"Code: (\d+)\. DB::Exception: Code: \1\. DB::Exception: (?P<reason>.*) "
    r"\((?P<name>[A-Z0-9_]+)\) \(version [^()]+\)\. \((?P=name)\)",
    re.DOTALL,
)
_SPOOLED_FILE = re.compile(
    r" \(in file/uri [^()]*\): (While executing \w+): While executing File: data for INSERT was "
    r"parsed from file\.$"
)
_NAME_AT_END = re.compile(r" ?\(([A-Z][A-Z0-9_]+)\)\s*$")

_NAMES_OF_STATUS: dict[HTTPStatus, str] = {
    HTTPStatus.BAD_REQUEST: """
        BAD_ARGUMENTS CANNOT_COMPILE_REGEXP CANNOT_PARSE_TEXT CANNOT_PARSE_ESCAPE_SEQUENCE
        CANNOT_PARSE_QUOTED_STRING CANNOT_PARSE_DATE CANNOT_PARSE_DATETIME CANNOT_PARSE_NUMBER
        CANNOT_PARSE_DOMAIN_VALUE_FROM_STRING CANNOT_PARSE_IPV4 CANNOT_PARSE_IPV6
        CANNOT_PARSE_UUID CANNOT_PARSE_INPUT_ASSERTION_FAILED DUPLICATE_COLUMN ILLEGAL_COLUMN
        THERE_IS_NO_COLUMN UNKNOWN_ELEMENT_IN_AST UNKNOWN_TYPE_OF_AST_NODE TOO_DEEP_AST
        TOO_BIG_AST UNEXPECTED_AST_STRUCTURE SYNTAX_ERROR INCORRECT_DATA TYPE_MISMATCH
        VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE""",
    HTTPStatus.UNAUTHORIZED: "REQUIRED_PASSWORD",
    HTTPStatus.FORBIDDEN: """
        UNKNOWN_USER WRONG_PASSWORD AUTHENTICATION_FAILED ACCESS_DENIED SET_NON_GRANTED_ROLE""",
    HTTPStatus.NOT_FOUND: """
        UNKNOWN_TABLE UNKNOWN_FUNCTION UNKNOWN_IDENTIFIER UNKNOWN_TYPE UNKNOWN_STORAGE
        UNKNOWN_DATABASE UNKNOWN_SETTING UNKNOWN_DIRECTION_OF_SORTING UNKNOWN_AGGREGATE_FUNCTION
        UNKNOWN_FORMAT UNKNOWN_DATABASE_ENGINE UNKNOWN_TYPE_OF_QUERY UNKNOWN_ROLE""",
    HTTPStatus.REQUEST_TIMEOUT: "TIMEOUT_EXCEEDED",
    HTTPStatus.LENGTH_REQUIRED: "HTTP_LENGTH_REQUIRED",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "QUERY_IS_TOO_LARGE",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "UNSUPPORTED_MEDIA_TYPE",
    HTTPStatus.NOT_IMPLEMENTED: "NOT_IMPLEMENTED",
    HTTPStatus.SERVICE_UNAVAILABLE: "SOCKET_TIMEOUT CANNOT_OPEN_FILE CANNOT_SCHEDULE_TASK",
}
_STATUS_OF_NAME = {
    name: status for status, names in _NAMES_OF_STATUS.items() for name in names.split()
}


class QueryFailed(Exception):  # noqa: N818 - an answer, not an accident
    """A query that failed, as a server would report it."""

    def __init__(self, code: int, text: str, status: HTTPStatus | None = None) -> None:
        """Take a complete text, ``Code: N. DB::Exception: … (NAME)``, without the version."""
        super().__init__(text)
        self.code = code
        self.text = text
        name = _NAME_AT_END.search(text)
        found = _STATUS_OF_NAME.get(name.group(1)) if name else None
        self.status = status or found or HTTPStatus.INTERNAL_SERVER_ERROR

    def message(self, version: str) -> str:
        """Return the text as it goes over the wire, ending in the engine's version."""
        return f"{self.text} (version {version})"


def failure(code: int, name: str, reason: str, status: HTTPStatus | None = None) -> QueryFailed:
    """Build a failure that the gateway itself found."""
    stop = "" if reason.endswith(".") else "."
    return QueryFailed(code, f"Code: {code}. DB::Exception: {reason}{stop} ({name})", status)


def failure_of_engine(text: str) -> QueryFailed:
    """Read a failure out of the engine's message."""
    text = _VERSION_AT_END.sub("", text.strip())
    while wrapped := _WRAPPED.fullmatch(text):
        reason = _SPOOLED_FILE.sub(r" \1.", wrapped["reason"])
        text = f"Code: {wrapped[1]}. DB::Exception: {reason} ({wrapped['name']})"
    found = _CODE_AT_START.match(text)
    if found is None:
        return failure(1002, "UNKNOWN_EXCEPTION", text)
    if _NAME_AT_END.search(text) is None:
        text = f"{text} (UNKNOWN_EXCEPTION)"
    return QueryFailed(int(found.group(1)), text)
