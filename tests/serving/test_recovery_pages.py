"""The merchant's recovery pages: amounts by hand, who may look, who may act, no other tenant."""

import re

import pytest

from tests.serving.merchant import days_ago


def cells(page: str, row: str) -> list[str]:
    """Return the texts of a table's row, by its first cell."""
    for found in re.findall(r"<tr.*?</tr>", page, re.S):
        texts = [
            re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td.*?</td>", found, re.S)
        ]
        if texts and texts[0] == row:
            return texts
    raise AssertionError(f"no row {row}")


def figures(page: str, currency: str) -> dict[str, str]:
    """Return the board's amounts of a currency by their label."""
    section = re.search(rf'id="figures-{currency}".*?</section>', page, re.S)
    assert section is not None
    found = re.findall(r'<dt>([^<]+)</dt><dd class="value">([^<]+)</dd>', section[0])
    return {label.split(",")[0]: amount for label, amount in found}


@pytest.fixture
def company(merchant):
    """Ten episodes in euro, yen and dinar."""
    here = merchant.connect()
    in_flow = {"flow_id": "flow_1", "flow_version": 1, "step": "tries"}
    funds, expired = {"decline_reason": "funds"}, {"decline_reason": "card_data"}
    merchant.episode(here, "ep_1", facts=funds, **in_flow)
    merchant.episode(here, "ep_2", amount_minor=12_345, facts=funds, **in_flow)
    merchant.episode(here, "ep_3", amount_minor=100, facts=expired)  # no flow
    merchant.episode(
        here, "ep_4", amount_minor=20, facts=funds, **in_flow, memory={"is_holdout": True}
    )
    merchant.episode(here, "ep_5", amount_minor=3, facts=funds, **in_flow, state="paused")
    merchant.episode(here, "ep_6", amount_minor=9900, facts=funds, outcome="recovered",
                     recovered_by="retry", recovered_minor=9900, ended_at=days_ago(2))  # fmt: skip
    merchant.episode(here, "ep_7", amount_minor=500, facts=expired, outcome="recovered",
                     recovered_by="out_of_band", ended_at=days_ago(2))  # fmt: skip
    merchant.episode(
        here, "ep_8", amount_minor=700, facts=funds, outcome="lost", ended_at=days_ago(40)
    )
    merchant.episode(here, "ep_9", amount_minor=500, currency="JPY", facts=funds, outcome="lost")
    merchant.episode(here, "ep_10", amount_minor=5120, currency="KWD", cause="card_expiring",
                     subject_kind="payment_method")  # fmt: skip
    return merchant


def test_the_board_adds_up_by_currency_and_reason(company):
    page = company.open().text
    # 49.00 + 123.45 + 1.00 + 0.20 + 0.03; in recovery the first two; lost was 40 days ago.
    assert figures(page, "EUR") == {
        "At risk": "€173.68", "In recovery": "€172.45", "Recovered": "€99.00", "Lost": "€0.00",
    }  # fmt: skip
    assert figures(page, "JPY") == {
        "At risk": "¥0", "In recovery": "¥0", "Recovered": "¥0", "Lost": "¥500",
    }  # fmt: skip
    # A card that expires owes nothing yet.
    assert figures(page, "KWD")["At risk"] == "KWD\N{NO-BREAK SPACE}0.000"
    assert cells(page, "Not enough money") == [
        "Not enough money", "€172.68", "€172.45", "€99.00", "€0.00",
    ]  # fmt: skip
    assert cells(page, "Card expired or details wrong")[1:] == ["€1.00", "€0.00", "€0.00", "€0.00"]
    assert "1 is about to fail" in page.replace("\n", " ")
    assert figures(company.open("?days=90").text, "EUR")["Lost"] == "€7.00"
    assert figures(company.open("?days=0").text, "EUR")["Lost"] == "€7.00"


def test_the_board_tells_each_day_of_the_largest_currency(company):
    with company.rows() as rows:
        (first,) = rows.execute(
            "select opened_at from recovery_episodes where id = 'ep_1'"
        ).fetchall()
    page = company.open().text
    # All that was opened in euro, whatever became of it: 173.68 + 99.00 + 5.00 + 7.00.
    opened = f"{first['opened_at']:%-d %b %Y}"
    assert cells(page, opened) == [opened, "€284.68", "€0.00"]
    ended = f"{days_ago(2):%-d %b %Y}"
    assert cells(page, ended) == [ended, "€0.00", "€99.00"]
    assert "Day by day, in EUR" in page
    assert "Day by day" not in company.open("?days=0").text


def test_the_board_agrees_with_the_api(company):
    api = company.visitor.api("GET", "/v1/recovery/metrics", str(company.tenant)).json()["data"]
    by_currency = {one["currency"]: one for one in api}
    assert by_currency["EUR"]["at_risk_minor"] == 17_368
    assert by_currency["EUR"]["recovered_minor"] == 9_900
    assert by_currency["EUR"]["recovered_outside_minor"] == 500


def test_an_empty_board_says_what_to_do_next(merchant):
    assert "Connect Stripe first" in merchant.open().text
    merchant.connect(is_enabled=False)
    assert "Recovery is off" in merchant.open().text


def test_pages_are_for_members_of_the_workspace_alone(arrive, company, anonymous):
    stranger = arrive()
    assert stranger.visitor.open(company.base).status_code == 404

    answer = anonymous.get(company.base)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign_in")
