"""Can a flow be read by whoever may only look, on a phone, without scripts, by anyone?"""

import re

from playwright.sync_api import Browser, Page, expect

from recovery.flows.library import library
from serving.recovery_pages.flow_outline import outline
from serving.recovery_pages.flows import BLANK
from tests.serving.browsing import axe_complaints, needs_chromium, signed_in
from tests.serving.flow_pages.canvas import create, kept, open_flow, step
from tests.serving.merchant import Merchant

pytestmark = needs_chromium


def test_whoever_may_only_look_is_shown_no_tool_and_refused_by_the_server(
    page: Page, merchant: Merchant
):
    flow_id = create(merchant, library="dispute_lost")
    set_role = "update members set role = %s where workspace_id = %s and email = %s"
    with merchant.rows() as rows:
        rows.execute(set_role, ["member", str(merchant.tenant), merchant.email])
    try:
        open_flow(page, merchant, flow_id)
        expect(page.locator('[data-do="save"], [data-do="publish"], .rail')).to_have_count(0)
        step(page, "tell").click()
        expect(page.get_by_label("Name of the event")).to_be_disabled()
        page.keyboard.press("Escape")
        page.keyboard.press("Delete")
        expect(step(page, "tell")).to_be_visible()
        listed = merchant.open("/flows")
        assert "Use it" not in listed.text
        refused = merchant.submit(listed, "/flows", begin_with="dispute_lost")
        assert refused.status_code == 403
        answer = merchant.visitor.api("PUT", f"/v1/recovery/flows/{flow_id}",
                                      str(merchant.tenant), json={"document": BLANK})  # fmt: skip
        assert answer.status_code == 403
    finally:
        with merchant.rows() as rows:
            rows.execute(set_role, ["owner", str(merchant.tenant), merchant.email])
    forged = merchant.visitor.http.post(f"{merchant.base}/flows", data={"begin_with": ""})
    assert forged.status_code == 403
    answer = merchant.visitor.api(
        "PUT", f"/v1/recovery/flows/{flow_id}", str(merchant.tenant), json={"document": BLANK},
        headers={"X-CSRF-Token": "0" * 64},
    )  # fmt: skip
    assert answer.json()["code"] == "csrf_refused"


def test_on_a_phone_a_flow_is_read_and_edited_as_a_list(browser: Browser, merchant: Merchant):
    flow_id = create(merchant, library="dispute_lost")
    before = kept(merchant, flow_id)
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
    with signed_in(browser, merchant, **phone) as page:
        open_flow(page, merchant, flow_id)
        lines = page.locator(".outline .line")
        expect(lines).to_contain_text(["Starts when", "1 Webhook", "2 Task", "3 End"])
        lines.nth(2).tap()
        page.get_by_label("Title").fill("Decide")
        page.get_by_label("Title").press("Tab")
        expect(lines.nth(1)).to_contain_text("Then → 2 Decide")
        page.get_by_role("button", name="Close").tap()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        page.get_by_role("button", name="Save").tap()
        expect(page.locator(".status")).to_have_text("Saved.")
    steps = {**before["steps"], "person": {**before["steps"]["person"], "title": "Decide"}}
    assert kept(merchant, flow_id) == {**before, "steps": steps}


def test_what_steps_are_set_to_is_read_in_words() -> None:
    told = {line.title: line for line in outline(library()["holdout_soft_decline"])}
    assert told["Draw"].ways == [
        ("Holdout, 10 %, held out", "2 Left alone"), ("Flow, 90 %", "3 Tries"),
    ]  # fmt: skip
    paydays = "on payday (day 1, 15, 31 of the month, at 09:00)"
    assert told["Tries"].settings == [
        ("Tries", f"1. after 1 day; 2. {paydays}, 2 days later at the earliest;"
                  f" 3. {paydays}, 3 days later at the earliest"),
    ]  # fmt: skip
    assert told["Tell"].settings == [
        ("Sends", "Update method by email"), ("Tone", "friendly"), ("Why", "about the contract"),
    ]  # fmt: skip
    assert told["Wait"].ways == [("It came", "6 Charge"), ("It did not come in time", "7 Lost")]
    assert told["Charge"].settings == [("Tries", "1. at once")]
    late = {line.title: line for line in outline(library()["past_due"])}
    assert late["Kind"].ways == [
        ("If decline class is one of soft, none", "4 Tries"), ("Otherwise", "5 Ask"),
    ]  # fmt: skip


def test_without_scripts_the_page_lists_the_steps_in_order(merchant: Merchant):
    page = merchant.open("/flow_library/dispute_lost")
    titles = re.findall(r"<li><b>([^<]+)</b> <span class=\"soft\">([^<]+)</span>", page.text)
    assert titles == [("Tell", "Webhook"), ("Person", "Task for a person"), ("Over", "End")]
    assert "Next → 2 Person" in page.text
    assert "script-src 'self'; connect-src 'self'" in page.headers["Content-Security-Policy"]
    # After an upgrade no browser runs a module of before: each is asked for, and told if unchanged.
    script = merchant.visitor.open("/static/flows/builder.js")
    assert script.headers["Cache-Control"] == "no-cache"
    again = {"If-None-Match": script.headers["ETag"]}
    asked = merchant.visitor.http.get("/static/flows/builder.js", headers=again)
    assert (asked.status_code, asked.headers["Cache-Control"]) == (304, "no-cache")


def test_a_page_is_clean_to_axe_in_light_and_dark(page: Page, merchant: Merchant):
    flow_id = create(merchant, library="soft_decline")
    page.goto(f"{merchant.base}/flows")
    found = axe_complaints(page)
    open_flow(page, merchant, flow_id)
    step(page, "").click()
    found += axe_complaints(page)
    page.emulate_media(color_scheme="dark")
    page.get_by_role("button", name="List or canvas").click()
    found += axe_complaints(page)
    assert found == []
