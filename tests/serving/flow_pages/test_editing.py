"""Is an edit exact: nothing else is lost, a fault shown where it is, undone whole, kept?"""

from pathlib import Path

from playwright.sync_api import Page, expect

from recovery.flows.document import document_of
from recovery.flows.library import library
from serving.recovery_pages.flows import BLANK
from tests.serving.browsing import needs_chromium
from tests.serving.flow_pages.canvas import ask, create, kept, open_flow, save, step
from tests.serving.merchant import Merchant

pytestmark = needs_chromium
DAYS_2 = {"kind": "duration", "days": 2, "hours": 0, "minutes": 0}


def test_a_flow_that_is_opened_and_saved_stays_the_same_document(page: Page, merchant: Merchant):
    for name, flow in library().items():
        flow_id = create(merchant, library=name)
        open_flow(page, merchant, flow_id)
        save(page)
        assert kept(merchant, flow_id) == document_of(flow), name


def test_no_edit_loses_what_was_before(page: Page, merchant: Merchant):
    """Hundreds of edits, whatever they are: undone they are the same document, none is in place."""
    page.goto(f"{merchant.base}/flows")
    documents = {name: document_of(flow) for name, flow in library().items()}
    faults = page.evaluate(Path(__file__).with_name("any_edits.js").read_text(), documents)
    assert faults == []


def test_an_edit_is_validated_where_it_is_and_undone_whole(page: Page, merchant: Merchant):
    flow_id = create(merchant, library="soft_decline")
    before = kept(merchant, flow_id)
    open_flow(page, merchant, flow_id)
    step(page, "tell").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Channel").select_option("sms")
    expect(page.locator(".box", has=step(page, "tell")).locator(".flag")).to_have_text("1 fault")
    changed = {**before, "steps": {**before["steps"], "tell": {**before["steps"]["tell"],
               "channel": "sms"}}}  # fmt: skip
    said = ask(merchant, "flow_validations", "POST", json={"document": changed})
    (fault,) = [one for one in said["findings"] if one["severity"] == "error"]
    expect(page.locator(".details .findings .error")).to_have_text(
        fault["message"] + fault["next_step"]
    )
    expect(page.get_by_role("button", name="Publish")).to_be_disabled()
    save(page)
    assert kept(merchant, flow_id) == changed
    # A condition, a schedule: fields of the schema, by name and type.
    page.keyboard.press("Escape")
    page.keyboard.press("Control+z")
    step(page, "early_tries").click()
    page.get_by_role("button", name="Add try").click()
    expect(page.get_by_role("button", name="Add try")).to_be_focused()
    page.locator(".details").get_by_label("Days").last.fill("4")
    page.locator(".details").get_by_label("Days").last.press("Tab")
    save(page)
    tries = before["steps"]["early_tries"]
    longer = [*tries["schedule"], {**DAYS_2, "days": 4}]
    assert kept(merchant, flow_id)["steps"]["early_tries"] == {**tries, "schedule": longer}
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Undo").click()
    save(page)
    assert kept(merchant, flow_id) == before


def test_unsaved_work_is_offered_after_a_reload(page: Page, merchant: Merchant):
    flow_id = create(merchant, library="dispute_lost")
    before = kept(merchant, flow_id)
    open_flow(page, merchant, flow_id)
    step(page, "person").click()
    page.get_by_label("Title").fill("Look at it")
    page.get_by_label("Title").press("Tab")
    page.reload()
    page.get_by_role("button", name="Take it up again").click()
    save(page)
    steps = {**before["steps"], "person": {**before["steps"]["person"], "title": "Look at it"}}
    assert kept(merchant, flow_id) == {**before, "steps": steps}
    page.reload()
    expect(page.locator(".builder.is-ready")).to_be_visible()
    expect(page.get_by_role("button", name="Take it up again")).to_be_hidden()


def test_what_somebody_else_saved_meanwhile_is_not_overwritten(page: Page, merchant: Merchant):
    flow_id = create(merchant)
    open_flow(page, merchant, flow_id)
    theirs = {**BLANK, "name": "Theirs"}
    saved = ask(merchant, f"flows/{flow_id}", "PUT", json={"document": theirs})["draft"]
    step(page, "over").click()
    page.get_by_label("Title").fill("Mine")
    page.get_by_label("Title").press("Tab")
    page.keyboard.press("Control+s")
    expect(page.locator(".status")).to_contain_text("Somebody saved this flow meanwhile.")
    assert kept(merchant, flow_id) == saved
    page.reload()
    expect(page.locator(".offer")).to_contain_text("The draft was saved since.")
    page.get_by_role("button", name="Take it up again").click()
    save(page)
    assert kept(merchant, flow_id)["steps"]["over"]["title"] == "Mine"
