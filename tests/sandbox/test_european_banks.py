"""Do the two sandboxes of European banks refuse, count and write as their providers do?"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.clock import utc_now
from core.settings import Settings
from linking.enablebanking import FLOW as ENABLE
from linking.enablebanking_token import application_headers
from linking.gocardless import FLOW as GOCARDLESS
from linking.gocardless_token import application_token
from sandbox.clock import Clock
from sandbox.gocardless.limits import Allowance, Windows
from sandbox.shelf import Shelf
from tests.european_banks import AMSTEL, HANSA, HANSA_AT_ENABLE, KARTEN, EuropeanBanks

pytestmark = pytest.mark.usefixtures("banks_clock")


class Wire:
    """Asks both providers as their documents say."""

    def __init__(self, banks: EuropeanBanks) -> None:
        self.banks = banks
        self.settings = banks.configure(Settings())
        self.client = httpx.Client(trust_env=False)

    def gocardless(self, path: str, **query: str) -> httpx.Response:
        token = application_token(self.settings).current()
        return self.client.get(
            f"{self.settings.gocardless_api_url}/api/v2/{path}",
            params=query, headers={"Authorization": f"Bearer {token}"},
        )  # fmt: skip

    def enable(self, path: str, **query: str) -> httpx.Response:
        return self.client.get(
            f"{self.settings.enablebanking_api_url}/{path}",
            params=query, headers=application_headers(self.settings, utc_now()),
        )  # fmt: skip

    def accounts(self, bank: dict[str, str]) -> list[str]:
        """GoCardless's ids of a bank's accounts, by a new requisition."""
        linked = self.banks.link(GOCARDLESS, bank)
        found = self.gocardless(f"requisitions/{linked.credentials['requisition_id']}/").json()
        return list(found["accounts"])

    def uids(self, bank: dict[str, str]) -> list[str]:
        """Enable Banking's ids of a bank's accounts, by a new session."""
        linked = self.banks.link(ENABLE, bank)
        return list(self.enable(f"sessions/{linked.credentials['session_id']}").json()["accounts"])


@pytest.fixture
def wire(european_banks: EuropeanBanks) -> Iterator[Wire]:
    found = Wire(european_banks)
    yield found
    found.client.close()


def test_gocardless_gives_four_good_answers_a_day_to_each_account_and_scope(wire: Wire) -> None:
    (account,) = wire.accounts(KARTEN)
    answers = [wire.gocardless(f"accounts/{account}/balances/") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 4 + [429]
    name = "http_x_ratelimit_account_success_remaining"
    assert [answer.headers[name] for answer in answers] == ["3", "2", "1", "0", "0"]
    body = answers[4].json()
    assert body["status_code"] == 429
    seconds = int(answers[4].headers["http_x_ratelimit_account_success_reset"])
    assert 86_000 < seconds <= 86_400
    assert f"4/day. Please try again in {seconds} seconds" in body["detail"]
    assert wire.gocardless(f"accounts/{account}/transactions/").status_code == 200


def test_refusals_of_gocardless_count_for_nothing(wire: Wire) -> None:
    (account,) = wire.accounts(KARTEN)
    wire.banks.strike("institution_down", f"{account}/balances/")
    down = wire.gocardless(f"accounts/{account}/balances/")
    assert (down.status_code, down.json()["type"]) == (503, "ServiceError")
    wrong = wire.gocardless(
        f"accounts/{account}/transactions/", date_from="2026-02-01", date_to="2026-01-01"
    )
    assert (wrong.status_code, wrong.json()["summary"]) == (400, "Incorrect date range")
    for scope in ("balances", "transactions"):
        good = wire.gocardless(f"accounts/{account}/{scope}/")
        assert good.headers["http_x_ratelimit_account_success_remaining"] == "3"


def test_an_ended_agreement_of_gocardless_says_when_it_ended(wire: Wire) -> None:
    (account,) = wire.accounts(KARTEN)
    wire.banks.strike("consent_expired", f"{account}/details/")
    answer = wire.gocardless(f"accounts/{account}/details/")
    body = answer.json()
    assert (answer.status_code, body["status_code"]) == (401, 401)
    assert body["summary"].startswith("End User Agreement (EUA) ")
    assert body["summary"].endswith(" has expired")
    assert body["detail"].startswith("EUA was valid for 180 days and it expired at 20")


def test_gocardless_knows_no_token_account_or_path_that_is_not_its_own(wire: Wire) -> None:
    url = f"{wire.settings.gocardless_api_url}/api/v2"
    assert wire.client.get(f"{url}/institutions/").json()["detail"] == "Token is invalid or expired"
    assert wire.gocardless("accounts/nonsense/details/").json()["summary"] == "Invalid Account ID"
    nobody = "11111111-2222-3333-4444-555555555555"
    assert wire.gocardless(f"accounts/{nobody}/details/").status_code == 404
    assert wire.gocardless("nonsense/").status_code == 404


def test_each_bank_writes_lines_in_its_own_habit(wire: Wire) -> None:
    bank = wire.banks.bank
    by_iban = {account.iban: account for account in bank.accounts}
    for account in (*wire.accounts(HANSA), *wire.accounts(KARTEN)):
        about = wire.gocardless(f"accounts/{account}/").json()
        truth = by_iban[about["iban"]]
        lines = wire.gocardless(f"accounts/{account}/transactions/").json()["transactions"]
        owns = {str(line.get("transactionId")) for line in lines["booked"]}
        expected = {"eur_card": {"None"}, "eur_savings": {" "}}.get(truth.id)
        shown = bank.lines_at(truth.id, int(utc_now().timestamp()))
        booked = {line.id for line in shown if line.posted_at <= utc_now().timestamp()}
        assert owns == (expected or booked)
        assert all("transactionId" not in line for line in lines["pending"])
        (paid,) = [
            line["transactionAmount"]["amount"]
            for line in lines["booked"]
            if line["remittanceInformationUnstructured"].startswith("PAPERCHASE")
        ] or [""]
        assert paid == {
            "eur_card": "42.50", "eur_operating": "-42.50", "eur_savings": "",
            "jpy_current": "-500",
        }[truth.id]  # fmt: skip


def test_pages_of_enable_banking_are_bound_to_their_question(wire: Wire) -> None:
    (uid,) = wire.uids(HANSA_AT_ENABLE)
    first = wire.enable(f"accounts/{uid}/transactions", strategy="longest").json()
    key = first["continuation_key"]
    assert len(first["transactions"]) == 50
    second = wire.enable(f"accounts/{uid}/transactions", strategy="longest", continuation_key=key)
    assert second.status_code == 200
    assert not _references(first) & _references(second.json())
    other = wire.enable(f"accounts/{uid}/transactions", continuation_key=key)
    assert (other.status_code, other.json()["error"]) == (422, "WRONG_CONTINUATION_KEY")


def _references(page: dict[str, Any]) -> set[str]:
    return {line["entry_reference"] for line in page["transactions"]}


def test_amstel_begins_with_an_empty_page_and_names_no_line(wire: Wire) -> None:
    uid = wire.uids(AMSTEL)[0]
    first = wire.enable(f"accounts/{uid}/transactions", strategy="longest").json()
    assert (first["transactions"], bool(first["continuation_key"])) == ([], True)
    key = first["continuation_key"]
    page = wire.enable(f"accounts/{uid}/transactions", strategy="longest", continuation_key=key)
    assert _references(page.json()) == {None}


def test_a_fifth_read_without_the_user_is_refused_by_the_bank(wire: Wire) -> None:
    (uid,) = wire.uids(HANSA_AT_ENABLE)
    answers = [wire.enable(f"accounts/{uid}/balances") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 4 + [429]
    assert answers[4].json() == {
        "code": 429, "error": "ASPSP_RATE_LIMIT_EXCEEDED",
        "message": "ASPSP rate limit exceeded", "detail": None,
    }  # fmt: skip


def test_an_ended_session_of_enable_banking_is_refused(wire: Wire) -> None:
    (uid,) = wire.uids(HANSA_AT_ENABLE)
    wire.banks.strike("consent_expired", f"{uid}/balances")
    answer = wire.enable(f"accounts/{uid}/balances")
    assert (answer.status_code, answer.json()["error"]) == (401, "EXPIRED_SESSION")


def test_amounts_of_enable_banking_have_no_sign_and_add_up_with_their_indicator(
    wire: Wire,
) -> None:
    uid = wire.uids(AMSTEL)[1]
    details = wire.enable(f"accounts/{uid}/details").json()
    assert (details["currency"], details["uid"]) == ("KWD", uid)
    lines: list[dict[str, Any]] = []
    query = {"strategy": "longest"}
    while True:
        page = wire.enable(f"accounts/{uid}/transactions", **query).json()
        lines += page["transactions"]
        if not page["continuation_key"]:
            break
        query["continuation_key"] = page["continuation_key"]
    fils = [
        int(line["transaction_amount"]["amount"].replace(".", ""))
        * (1 if line["credit_debit_indicator"] == "CRDT" else -1)
        for line in lines
        if line["status"] == "BOOK"
    ]
    assert not any("-" in line["transaction_amount"]["amount"] for line in lines)
    now = int(utc_now().timestamp())
    account = wire.banks.bank.account("kwd_current")
    assert account.opening_balance + sum(fils) == wire.banks.bank.balance_at(account.id, now)
    assert {"5.120"} <= {line["transaction_amount"]["amount"] for line in lines}


def test_what_was_counted_and_consented_outlives_a_restart(tmp_path: Path) -> None:
    clock = Clock(0, starts_at=1_000_000)
    clock.set(1_000_000, frozen=True)
    before = Allowance(Shelf(tmp_path), clock)
    assert [before.take("a", "balances")[0] for _ in range(3)] == [3, 2, 1]
    after = Allowance(Shelf(tmp_path), clock)
    assert after.left("a", "balances") == (1, 86_400)
    clock.set(1_000_000 + 86_400, frozen=True)
    assert after.left("a", "balances") == (4, 86_400)


def test_a_minute_has_only_so_many_calls() -> None:
    window = Windows(2, 60.0)
    assert [window.take("app")[0] for _ in range(3)] == [1, 0, -1]
    assert window.take("other")[0] == 1
    assert 58 <= window.take("app")[1] <= 60


def test_a_malformed_row_is_one_row(wire: Wire) -> None:
    (account,) = wire.accounts(KARTEN)
    wire.banks.strike("malformed_row", f"{account}/transactions/")
    spoiled = wire.gocardless(f"accounts/{account}/transactions/").json()["transactions"]["booked"]
    whole = wire.gocardless(f"accounts/{account}/transactions/").json()["transactions"]["booked"]
    assert spoiled[0]["transactionAmount"] == {"amount": "forty-two", "currency": "EURO"}
    assert json.dumps(spoiled[1:]) == json.dumps(whole[1:])
