"""Are the data docs there for the operator, and for nobody else?"""

from datetime import UTC, datetime

import httpx
import pytest

from assets.data_docs import SuiteResult, publish

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MET = {
    "success": True,
    "expectation_config": {
        "type": "expect_column_values_to_be_in_set",
        "kwargs": {"column": "origin", "value_set": ["poll", "webhook"]},
    },
    "result": {"element_count": 3, "unexpected_count": 0},
}
NOT_MET = {
    "success": False,
    "expectation_config": {
        "type": "expect_column_values_to_not_be_null", "kwargs": {"column": "<amount>"},
    },
    "result": {"element_count": 3, "unexpected_count": 2},
}  # fmt: skip


@pytest.fixture(scope="module")
def page(engines):
    publish(engines, "teller", [SuiteResult("teller_balance", [MET])], NOW)
    return publish(engines, "plaid", [SuiteResult("plaid_transaction", [MET, NOT_MET])], NOW)


def test_the_operator_reads_what_was_expected_and_found(page, anonymous):
    assert page.endswith("/data-docs/plaid.html")
    told = anonymous.get("/data-docs/plaid.html")
    assert told.headers["content-security-policy"].startswith("default-src 'none'")
    for words in (
        "raw.plaid_transaction", "1 of 2 met", "origin is one of poll, webhook", "2 of 3 rows",
        "&lt;amount&gt; is never missing or unreadable",
    ):  # fmt: skip
        assert words in told.text
    index = anonymous.get("/data-docs/").text
    assert index.index('href="plaid.html"') < index.index('href="teller.html"')


def test_others_and_other_names_are_told_of_no_such_page(page, anonymous, api_url):
    stranger = {"X-Forwarded-For": "203.0.113.9"}
    for path in ("/data-docs/", "/data-docs/plaid.html"):
        assert httpx.get(f"{api_url}{path}", headers=stranger).status_code == 404
    for name in ("plaid.json", "none.html", "..%2Fplaid.html", "PLAID.html"):
        assert anonymous.get(f"/data-docs/{name}").status_code == 404
