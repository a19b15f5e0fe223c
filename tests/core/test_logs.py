"""No secret reaches the log, however it is nested or worded."""

import io
import json
import logging
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.logs import REDACTED, configure_logging, get_logger, redact
from core.settings import Settings

LETTERS = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=12)


@given(LETTERS, st.sampled_from(["sk_live_", "sk_test_", "rk_live_", "whsec_", "opk_live_"]))
def test_a_key_is_cut_out_of_any_text(letters, prefix):
    shown = redact(
        {"message": f"got {prefix}{letters} from a user", "list": [f"{prefix}{letters}"]}
    )
    assert letters not in json.dumps(shown)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"api_key": "x"}, {"api_key": REDACTED}),
        ({"headers": {"Authorization": "x"}}, {"headers": {"Authorization": REDACTED}}),
        ("https://user:pass@host/db", f"https://{REDACTED}@host/db"),
        ("key sk_test_northwind_1 works", f"key {REDACTED} works"),
        ("Bearer abcdefgh123", f"Bearer {REDACTED}"),
        ("Item access-sandbox-8c1f-44 at /item/get", f"Item {REDACTED} at /item/get"),
        ("test_token_ky6igyqi3qxa4, token_77lfbjzhhtidtosa4rct", f"{REDACTED}, {REDACTED}"),
        ("token_expired: access-log of link-sandbox", "token_expired: access-log of link-sandbox"),
        ({"rows": 12, "charge": "ch_123"}, {"rows": 12, "charge": "ch_123"}),
        (("a", 1, None), ("a", 1, None)),
        (urlsplit("https://host/db"), ("https", "host", "/db", "", "")),
    ],
)
def test_redaction_keeps_what_is_no_secret(value, expected):
    assert redact(value) == expected


def test_exceptions_and_foreign_loggers_are_redacted_too(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    try:
        configure_logging(Settings(log_format="json"))
        try:
            raise ValueError("refused sk_test_abcdefghijkl")
        except ValueError:
            get_logger("test").exception("call_failed", url="https://u:p@h/")
        logging.getLogger("foreign").warning("token Bearer abcdefghijkl")
    finally:
        root.handlers, root.level = handlers, level
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["call_failed", f"token Bearer {REDACTED}"]
    assert "abcdefghijkl" not in stream.getvalue()
    assert "u:p" not in stream.getvalue()
