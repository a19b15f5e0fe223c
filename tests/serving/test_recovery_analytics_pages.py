"""Analytics, experiments and settings on pages: figures by hand, of this workspace alone."""

import re
from datetime import timedelta
from html import unescape

import pytest

from core.clock import utc_now
from recovery.flows.document import document_of
from tests.recovery.flow_documents import END, flow, steps
from tests.serving.merchant import days_ago, insert

ARMS = [
    {"name": "ours", "share": 50, "next": "over"},
    {"name": "alone", "share": 50, "holdout": True, "next": "over"},
]
COLUMNS = (
    "workspace_id", "connection_id", "episode_id", "currency", "amount_minor", "opened_at",
    "decline_code", "severity", "outcome", "recovered_at", "settled_at", "lost_at",
    "recovered_minor", "collected_minor", "version", "is_deleted",
)  # fmt: skip


@pytest.fixture
def here(merchant):
    return merchant.connect()


@pytest.fixture
def settle(merchant, here, warehouse):
    """Put episodes into the mart: outcome, days after the failure, and whether it has settled."""

    def put(*lives, tenant=None, currency="EUR", ago=20):
        rows = []
        for number, (outcome, days, has_settled, code, amount) in enumerate(lives):
            # An hour more, so that a day that began is over.
            opened = days_ago(ago) if outcome != "open" else days_ago(days)
            opened -= timedelta(hours=1)
            at = opened + timedelta(days=days, minutes=30)
            recovered = outcome == "recovered"
            rows.append([
                tenant or str(merchant.tenant), here, f"in_{currency}_{number}", currency,
                amount, opened, code, "soft", outcome, at if recovered else None,
                (at if has_settled else utc_now() + timedelta(days=3)) if recovered else None,
                at if outcome == "lost" else None, amount if recovered else 0,
                amount if recovered else 0, 1, 0,
            ])  # fmt: skip
        warehouse.insert_rows("marts.fct_recovery_episodes", rows, list(COLUMNS))

    return put


def table(page, section: str) -> list[list[str]]:
    """Return the texts of a section's table, row by row."""
    found = re.search(rf'aria-labelledby="{section}".*?</section>', page.text, re.S)
    assert found is not None, section
    body = re.search(r"<tbody>(.*?)</tbody>", found[0], re.S)
    assert body is not None, section
    return [
        [
            re.sub(r"[ \n]+", " ", unescape(re.sub(r"<[^>]+>", " ", cell))).strip(" ")
            for cell in re.findall(r"<t[dh].*?</t[dh]>", row, re.S)
        ]
        for row in re.findall(r"<tr>.*?</tr>", body[1], re.S)
    ]


def said(page) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page.text)))


FOUR = (
    ("recovered", 2, True, "insufficient_funds", 4900),
    ("lost", 3, False, "lost_card", 900),
    ("open", 5, False, "insufficient_funds", 100),
    ("recovered", 5, False, "insufficient_funds", 4900),
)


def test_rates_and_cash_are_those_of_the_marts(merchant, settle):
    settle(*FOUR)
    settle(("recovered", 1, True, "expired_card", 500), currency="JPY")
    settle(("lost", 1, False, "fraudulent", 123), tenant="ws_other")
    page = merchant.open("/analytics")
    # Four failed; one has settled, another was paid and has not.
    assert "Recovery rate 25.0 % 1 of 4 episodes settled" in said(page)
    assert "Recovered cash €49.00 of €108.00 that failed" in said(page)
    codes = {row[0]: row[1:4] + row[5:] for row in table(page, "codes")}
    assert codes == {
        "Insufficient funds soft": ["3", "1", "33.3\N{NO-BREAK SPACE}%", "€99.00", "€49.00"],
        "Lost card soft": ["1", "0", "0.0\N{NO-BREAK SPACE}%", "€9.00", "€0.00"],
    }
    # As in test_recovery_survival: a quarter by the third day, half by the sixth.
    assert table(page, "curve") == [
        ["1 day", "0.0\N{NO-BREAK SPACE}%", "4"], ["3 days", "25.0\N{NO-BREAK SPACE}%", "4"],
    ]  # fmt: skip
    assert "50.0\N{NO-BREAK SPACE}% recovered within 6 days" in page.text
    assert "Fraudulent" not in page.text
    assert "¥500 of ¥500" in said(merchant.open("/analytics?currency=JPY"))
    assert "0 of 0 episodes" in said(merchant.open("/analytics?currency=CHF"))


def test_flows_steps_and_arms_are_told_by_the_engines_own_tables(merchant, here):
    document = document_of(flow())
    document["steps"]["tries"]["title"] = "Twice on paydays"
    merchant.flow("flow_1", document)
    at = {"flow_id": "flow_1", "flow_version": 1, "step": "tries"}
    paid = {"outcome": "recovered", "recovered_minor": 4900}
    merchant.episode(here, "ep_1", **at, **paid, recovered_by="retry")
    merchant.episode(here, "ep_2", **{**at, "step": "kind"}, **paid, recovered_by="payer")
    merchant.episode(here, "ep_3", **at, outcome="lost")
    merchant.episode(here, "ep_4", outcome="recovered", recovered_by="out_of_band")
    merchant.episode(here, "ep_5", **at, opened_at=days_ago(100))
    with merchant.rows() as rows:
        for number, arm in enumerate(("ours", "ours", "alone"), start=1):
            insert(rows, "recovery_assignments", {
                "workspace_id": str(merchant.tenant), "connection_id": here,
                "experiment": "proof", "unit": f"cus_{number}", "arm": arm,
                "is_holdout": arm == "alone", "stratum": "", "episode_id": f"ep_{number}",
                "assigned_at": utc_now(),
            })  # fmt: skip
    page = merchant.open("/analytics")
    rates = {row[0]: [*row[1:4], *row[5:]] for row in table(page, "flows")}
    assert rates == {
        "Renewals": ["3", "2", "66.7\N{NO-BREAK SPACE}%", "€147.00", "€98.00"],
        "No flow": ["1", "0", "0.0\N{NO-BREAK SPACE}%", "€49.00", "€0.00"],
    }
    assert sorted(table(page, "steps")) == [
        ["Kind Renewals", "by the payer", "1", "€49.00"],
        ["Twice on paydays Renewals", "by our retry", "1", "€49.00"],
    ]
    arms = {row[0].split()[0]: row[1:3] for row in table(page, "arms")}
    assert arms == {"Ours": ["2", "2"], "Alone": ["1", "0"]}


@pytest.fixture
def proof(merchant, here, settle):
    """Sixty customers an arm; 45 of ours and 20 of the holdout settled in time."""
    split = steps("first", first={"kind": "split", "experiment": "proof", "arms": ARMS}, over=END)
    merchant.flow("flow_1", document_of(split))
    merchant.flow("flow_2", document_of(steps(
        "first", first={"kind": "split", "experiment": "young", "arms": ARMS}, over=END,
    )))  # fmt: skip
    entered, lives = days_ago(60), []
    for arm, recovered in (("ours", 45), ("alone", 20)):
        for number in range(60):
            name = f"ep_{arm}_{number}"
            merchant.episode(here, name, subject_id=f"in_EUR_{len(lives)}", opened_at=entered,
                             outcome="lost")  # fmt: skip
            outcome = "recovered" if number < recovered else "lost"
            lives.append((outcome, 2, True, "insufficient_funds", 4900))
            with merchant.rows() as rows:
                insert(rows, "recovery_assignments", {
                    "workspace_id": str(merchant.tenant), "connection_id": here,
                    "experiment": "proof", "unit": name, "arm": arm, "is_holdout": arm == "alone",
                    "stratum": "", "episode_id": name, "assigned_at": entered,
                })  # fmt: skip
    settle(*lives, ago=60)


def test_an_experiment_says_its_verdict_or_not_yet(merchant, proof):
    page = merchant.open("/experiments/proof")
    text = said(page)
    # Newcombe's interval by hand: tests/serving/test_recovery_experiments.py.
    assert "75.0 % 45 of 60" in text
    assert "33.3 % 20 of 60" in text
    assert "+41.7 +24.1 to +55.7" in text
    assert "EUR €2,205.00 €980.00 not yet: 100 customers" in text
    api = merchant.visitor.api("GET", "/v1/recovery/experiments/proof", str(merchant.tenant)).json()
    (ours,) = api["comparisons"]
    assert ours["reason"] in text
    heading = {"lift": "It helps", "not_yet": "Not yet"}[ours["verdict"]]
    assert f">{heading}</h2>" in page.text
    young = merchant.open("/experiments/young")
    assert ">Not yet</h2>" in young.text
    assert "0 outcomes are known" in young.text
    listed = merchant.open("/experiments")
    assert "60 customers, 50 % are drawn" in said(listed)
    assert merchant.open("/experiments/none").status_code == 404


def test_a_page_says_what_is_not_known_yet(merchant, here, proof):
    """Payments that have not reached the marts are not customers who did not pay."""
    for arm in ("ours", "alone"):
        name = f"ep_{arm}_late"
        merchant.episode(here, name, subject_id=f"in_{arm}_late", opened_at=days_ago(60),
                         outcome="lost")  # fmt: skip
        with merchant.rows() as rows:
            insert(rows, "recovery_assignments", {
                "workspace_id": str(merchant.tenant), "connection_id": here, "unit": name,
                "experiment": "proof", "arm": arm, "is_holdout": arm == "alone", "stratum": "",
                "episode_id": name, "assigned_at": days_ago(60),
            })  # fmt: skip
    page = merchant.open("/experiments/proof")
    assert "Not known yet of 2 customers" in said(page)
    assert "75.0 % 45 of 60" in said(page)
    assert ">Not yet</h2>" in page.text
    nobody = said(merchant.open("/experiments/young"))
    assert "Ours not known yet" in nobody
    assert "0.0 %" not in nobody


def test_experiments_and_analytics_of_others_are_not_seen(arrive, merchant, proof):
    stranger = arrive()
    assert "No experiment runs" in stranger.open("/experiments").text
    assert stranger.open("/experiments/proof").status_code == 404
    assert "Nothing to count yet" in stranger.open("/analytics").text
    for path in ("/experiments", "/experiments/proof", "/analytics", "/settings"):
        assert stranger.visitor.open(merchant.base + path).status_code == 404


def test_settings_are_shown_to_members_and_settled_by_owners(merchant, here, arrive):
    path = f"/settings/{here}"
    page = merchant.open("/settings")
    asked = {"owner": "provider", "timezone": "Europe/Berlin", "grace_days": "21"}
    saved = merchant.submit(page, path, **asked)
    assert "Saved." in saved.text
    assert 'value="21"' in saved.text
    api = merchant.visitor.api("GET", "/v1/recovery/settings", str(merchant.tenant)).json()
    (terms,) = api["data"]
    assert {name: terms[name] for name in ("is_enabled", "owner", "timezone", "grace_days")} == {
        "is_enabled": False, "owner": "provider", "timezone": "Europe/Berlin", "grace_days": 21,
    }  # fmt: skip
    assert merchant.submit(page, path, **{**asked, "grace_days": "366"}).status_code == 422
    wrong = merchant.submit(page, path, owner="provider", timezone="Mars/Olympus")
    assert (wrong.status_code, "Mars/Olympus is no time zone." in wrong.text) == (422, True)
    member, stranger = merchant.colleague("member"), arrive()
    seen = member.open("/settings")
    assert ("Europe/Berlin" in seen.text, ">Save</button>" in seen.text) == (True, False)
    asked = {"owner": "oppulence", "timezone": "UTC", "is_enabled": "true"}
    assert member.submit(seen, path, **asked).status_code == 403
    own = stranger.open("/settings")
    assert "No Stripe account is connected" in own.text
    assert stranger.submit(own, path, **asked).status_code == 404
    with merchant.rows() as rows:
        (noted,) = rows.execute(
            "select details from audit_log where action = 'recovery_settings.changed'"
        ).fetchall()
    assert noted["details"] == {
        "is_enabled": False, "owner": "provider", "timezone": "Europe/Berlin", "grace_days": 21,
    }  # fmt: skip
