"""Episodes on pages: listed and filtered, told step by step with reasons, steered by who may."""

import re
from html import unescape

import pytest

from core.clock import utc_now
from recovery.engine.episode import Episode
from recovery.flows.document import document_of
from recovery.store import episodes
from tests.recovery.flow_documents import flow
from tests.serving.merchant import days_ago, insert


@pytest.fixture
def here(merchant):
    return merchant.connect()


def listed(page) -> list[str]:
    return re.findall(r'/recovery/episodes/(ep_\w+)">', page.text)


def entries(page) -> list[tuple[str, ...]]:
    """Return the timeline's lines, newest first: title, reason, and what is known besides."""
    ordered = re.search(r'<ol class="timeline">(.*?)</ol>', page.text, re.S)
    assert ordered is not None
    lines = []
    for item in re.findall(r"<li.*?</li>", ordered[1], re.S):
        title = re.search(r"<b>(.*?)</b>", item, re.S)
        paragraphs = re.findall(r"<p.*?>(.*?)</p>", item, re.S)
        texts = [title[1] if title else "", *paragraphs]
        lines.append(tuple(unescape(re.sub(r"[ \n]+", " ", text)).strip(" ") for text in texts))
    return lines


def test_episodes_are_listed_newest_first_and_filtered(merchant, here):
    merchant.flow("flow_1", document_of(flow()))
    funds = {"facts": {"decline_reason": "funds", "decline_code": "insufficient_funds"}}
    merchant.episode(here, "ep_1", opened_at=days_ago(1), flow_id="flow_1", **funds)
    merchant.episode(here, "ep_2", opened_at=days_ago(2), currency="JPY", **funds)
    merchant.episode(here, "ep_3", opened_at=days_ago(3), cause="one_off", outcome="lost")
    merchant.episode(here, "ep_4", opened_at=days_ago(4), outcome="recovered",
                     recovered_by="retry", customer_id="cus_9")  # fmt: skip
    assert listed(merchant.open("/episodes")) == ["ep_1", "ep_2", "ep_3", "ep_4"]
    for asked, found in {
        "state=ended": ["ep_3", "ep_4"],
        "outcome=lost": ["ep_3"],
        "cause=one_off": ["ep_3"],
        "reason=funds": ["ep_1", "ep_2"],
        "reason=none&state=ended": ["ep_3", "ep_4"],
        "currency=JPY&outcome=": ["ep_2"],
        "flow_id=flow_1": ["ep_1"],
        "find=cus_9": ["ep_4"],
        "find=in_ep_2": ["ep_2"],
        "find=%27": [],
    }.items():
        assert listed(merchant.open(f"/episodes?{asked}")) == found, asked
    row = re.search(r'ep_1">.*?</tr>', merchant.open("/episodes").text, re.S)
    assert row is not None
    for text in ("Renewal failed", "Insufficient funds · cus_ep_1", "€49.00", "Renewals"):
        assert text in row[0]
    api = merchant.visitor.api("GET", "/v1/recovery/episodes?reason=funds", str(merchant.tenant))
    assert [one["id"] for one in api.json()["data"]] == ["ep_1", "ep_2"]


def test_a_long_list_is_walked_to_its_end(merchant, here):
    for number in range(53):
        merchant.episode(here, f"ep_{number:02}", opened_at=days_ago(number + 1))
    first = merchant.open("/episodes?state=running")
    following = re.search(r'href="[^"]*(/episodes\?[^"]*cursor=[^"]*)">Older', first.text)
    assert following is not None
    second = merchant.open(unescape(following[1]))
    assert listed(first) + listed(second) == [f"ep_{number:02}" for number in range(53)]
    assert "Older" not in second.text
    assert 'value="running" selected' in second.text, "the filter stays"


def test_the_timeline_tells_every_step_and_its_reason(merchant, here):
    merchant.flow("flow_1", document_of(flow()))
    facts = {"decline_class": "soft", "decline_code": "insufficient_funds"}
    merchant.episode(here, "ep_1", flow_id="flow_1", flow_version=1, step="tries", facts=facts,
                     amount_minor=5120, currency="KWD")  # fmt: skip
    told = [
        ("opened", "", "", "A payment failed, or is about to.", {"cause": "renewal"}),
        ("started", "", "kind", "Taken by Renewals.", {"flow_id": "flow_1", "version": 1}),
        ("branched", "kind", "tries", "Condition 1 holds.", {"port": "case_0"}),
        ("retry_planned", "tries", "tries", "Try 1 of 2 is planned.", {}),
        ("retry_declined", "tries", "tries", "Declined: do_not_honor.",
         {"status": "declined", "charge": "ch_ours", "decline_code": "do_not_honor"}),
    ]  # fmt: skip
    same = {"workspace_id": str(merchant.tenant), "episode_id": "ep_1"}
    with merchant.rows() as rows:
        for revision, (kind, start, to, reason, details) in enumerate(told):
            insert(rows, "recovery_transitions", {
                **same, "revision": revision, "at": days_ago(5 - (revision == 4)), "kind": kind,
                "from_step": start, "to_step": to, "reason": reason, "details": details,
            })  # fmt: skip
        for charge, is_ours, ago in (("ch_theirs", False, 6), ("ch_ours", True, 4)):
            insert(rows, "recovery_attempts", {
                **same, "connection_id": here, "id": charge, "fingerprint": "f",
                "attempted_at": days_ago(ago), "is_success": False, "is_ours": is_ours,
                "decline_code": "insufficient_funds", "decline_class": "soft",
                "amount_minor": 5120, "currency": "KWD",
            })  # fmt: skip
    dinar = "KWD\N{NO-BREAK SPACE}5.120"
    assert entries(merchant.open("/episodes/ep_1")) == [
        ("Our try was declined", "Declined: do not honor.",
         "Tries · Charge: ch_ours · Decline code: do_not_honor"),
        ("A try is planned", "Try 1 of 2 is planned.", "Tries"),
        ("Decided", "It held that Decline class is one of soft, none.",
         "Kind → Tries · Decline class: soft"),
        ("A flow took it", "Taken by Renewals.", "Kind"),
        ("Renewal failed", f"{dinar} is owed."),
        ("Declined: insufficient funds",
         f"The provider or the payer tried {dinar}. The same method may be tried again.",
         "Charge: ch_theirs"),
    ]  # fmt: skip


@pytest.fixture
def running(merchant, here):
    """An episode as the engine opens it."""
    opened = Episode(
        workspace_id=str(merchant.tenant), id="ep_run", connection_id=here,
        subject_kind="invoice", subject_id="in_1", cause="renewal", customer_id="cus_1",
        subscription_id="", amount_minor=4900, currency="EUR", facts={}, flow_id=None,
        flow_version=None, step="", state="running", opened_at=utc_now(),
    )  # fmt: skip
    with merchant.rows() as rows:
        assert episodes.open_episode(rows, opened)
    return "/episodes/ep_run"


def test_a_person_pauses_resumes_tries_writes_and_closes(merchant, running):
    act = f"{running}/actions"
    page = merchant.open(running)
    paused = merchant.submit(page, act, do="pause")
    assert "Paused. Its timers stand still." in paused.text
    assert entries(paused)[0] == ("Paused", f"Paused by {merchant.email}.")
    twice = merchant.submit(page, act, do="pause")
    assert (twice.status_code, "The episode is paused." in twice.text) == (409, True)
    assert 'role="alert"' in twice.text
    merchant.submit(page, act, do="resume")
    tried = merchant.submit(page, act, do="retry")
    assert "Retry waiting, asked by hand" in " ".join(tried.text.split())
    assert merchant.submit(page, act, do="retry").status_code == 409
    merchant.submit(page, act, do="send", template="reminder", tone="firm", channel="email")
    assert merchant.submit(page, act, do="send").status_code == 422, "a message has a template"
    assert merchant.submit(page, act, do="explode").status_code == 422
    closed = merchant.submit(page, act, do="close")
    assert entries(closed)[0] == ("Closed by hand", f"Closed by {merchant.email}.")
    for button in ("Retry now", ">Pause<", "Send a message"):
        assert button not in closed.text
    with merchant.rows() as rows:
        asked = rows.execute(
            "select kind, is_manual, content from recovery_actions order by created_at"
        ).fetchall()
        noted = rows.execute("select action from audit_log where action like 'recovery%%'"
                             " order by occurred_at").fetchall()  # fmt: skip
    assert [(one["kind"], one["is_manual"]) for one in asked] == [
        ("retry", True), ("message", True),
    ]  # fmt: skip
    assert (asked[1]["content"]["template"], asked[1]["content"]["tone"]) == ("reminder", "firm")
    assert [one["action"].split(".")[1] for one in noted] == [
        "pause", "resume", "retry", "send", "close",
    ]  # fmt: skip


def test_members_look_and_admins_act(merchant, running):
    member, admin = merchant.colleague("member"), merchant.colleague("admin")
    page = member.open(running)
    assert page.status_code == 200
    assert "You may look." in page.text
    assert "Retry now" not in page.text
    refused = member.submit(page, f"{running}/actions", do="pause")
    assert (refused.status_code, "recovery:write" in refused.text) == (403, True)
    assert "Paused by" in admin.submit(admin.open(running), f"{running}/actions", do="pause").text


def test_a_forged_form_changes_nothing(merchant, running):
    act = merchant.base + running + "/actions"
    forged = merchant.visitor.http.post(act, data={"do": "close", "csrf_token": "0" * 64})
    assert forged.status_code == 403
    elsewhere = merchant.visitor.submit(
        merchant.open(running), act, origin="https://evil.example", do="close"
    )
    assert elsewhere.status_code == 403
    with merchant.rows() as rows:
        assert rows.execute("select state from recovery_episodes").fetchall() == [
            {"state": "running"}
        ]


def test_another_workspace_neither_sees_nor_steers_it(arrive, merchant, running):
    stranger = arrive()
    own = stranger.open("/episodes")
    assert listed(own) == []
    assert stranger.open(running).status_code == 404
    assert stranger.submit(own, f"{running}/actions", do="close").status_code == 404
    there = merchant.base + running
    assert stranger.visitor.open(there).status_code == 404
    assert stranger.visitor.submit(own, f"{there}/actions", do="close").status_code == 404
    assert merchant.open(running).text.count("Retry now") == 1
