"""Can a flow be built in a real browser: by drag, by keyboard only, and is what is kept exact?"""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, FloatRect, Locator, Page, expect

from core.clock import utc_now
from recovery.flows.document import document_of, flow_of
from recovery.flows.library import library
from serving.recovery_pages.flows import BLANK
from tests.declared_tables import create_table
from tests.serving.browsing import axe_complaints, chromium, needs_chromium, signed_in
from tests.serving.merchant import Merchant

pytestmark = needs_chromium
DAYS_2 = {"kind": "duration", "days": 2, "hours": 0, "minutes": 0}


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def merchant(api_url, mailbox, database, engines):
    arrived = Merchant.arrive(api_url, mailbox, database, engines)
    yield arrived
    arrived.close()


@pytest.fixture
def page(browser: Browser, merchant: Merchant):
    with signed_in(browser, merchant) as opened:
        yield opened


def create(merchant: Merchant, **request: Any) -> str:
    answer = merchant.visitor.api(
        "POST", "/v1/recovery/flows", str(merchant.tenant), json=request or {"document": BLANK}
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def ask(merchant: Merchant, path: str, method: str = "GET", **options: Any) -> Any:
    answer = merchant.visitor.api(method, f"/v1/recovery/{path}", str(merchant.tenant), **options)
    assert answer.status_code == 200, answer.text
    return answer.json()


def kept(merchant: Merchant, flow_id: str) -> dict[str, Any]:
    return ask(merchant, f"flows/{flow_id}")["draft"]


def open_flow(page: Page, merchant: Merchant, flow_id: str) -> None:
    page.goto(f"{merchant.base}/flows/{flow_id}")
    expect(page.locator(".builder.is-ready")).to_be_visible()


def step(page: Page, name: str) -> Locator:
    return page.locator(f'.step[data-step="{name}"]')


def port(page: Page, name: str, port_name: str) -> Locator:
    return page.locator(f'.port[data-step="{name}"][data-port="{port_name}"] .dot')


def save(page: Page) -> None:
    page.keyboard.press("Control+s")
    expect(page.locator(".status")).to_have_text("Saved.")


def box_of(shown: Locator) -> FloatRect:
    """Return where something stands; the canvas may draw it anew while it is asked."""
    expect(shown).to_be_visible()
    for _ in range(100):
        if (box := shown.bounding_box()) is not None:
            return box
        shown.page.wait_for_timeout(20)
    raise AssertionError(f"{shown} does not stay on the page")


def drag(page: Page, from_: Locator, to: Locator | tuple[float, float]) -> None:
    """Drag from the middle of one thing to that of another, or to a point of the canvas."""
    begin, canvas = box_of(from_), box_of(page.locator(".canvas"))
    if isinstance(to, tuple):
        x, y = canvas["x"] + to[0], canvas["y"] + to[1]
    else:
        end = box_of(to)
        x, y = end["x"] + end["width"] / 2, end["y"] + end["height"] / 2
    page.mouse.move(begin["x"] + begin["width"] / 2, begin["y"] + begin["height"] / 2)
    page.mouse.down()
    page.mouse.move(x - 20, y - 10)
    page.mouse.move(x, y)
    page.mouse.up()


def built() -> dict[str, Any]:
    """The flow that both ways of building make, as it is kept."""
    return document_of(
        flow_of(
            {
                **BLANK,
                "start": "retry",
                "steps": {
                    "retry": {
                        "kind": "retry", "schedule": [DAYS_2], "next": "message",
                        "on_stop": "message",
                    },
                    "message": {"kind": "message", "template": "reminder", "next": "over"},
                    **BLANK["steps"],
                },
            }
        )
    )  # fmt: skip


def test_a_flow_is_built_by_dragging(page: Page, merchant: Merchant):
    page.goto(f"{merchant.base}/flows")
    page.get_by_role("button", name="New flow").click()
    expect(page.locator(".builder.is-ready")).to_be_visible()
    flow_id = page.url.split("/")[-1]
    # A kind is dragged from the rail onto the canvas, and stands there alone.
    page.locator('.rail [data-kind="retry"]').drag_to(
        page.locator(".canvas"), target_position={"x": 300, "y": 300}
    )
    expect(step(page, "retry")).to_be_visible()
    drag(page, port(page, "", "start"), step(page, "retry"))
    # A way that ends on the empty canvas asks what shall stand there.
    drag(page, port(page, "retry", "next"), (300, 560))
    page.get_by_role("dialog").get_by_role("button", name="Message").click()
    drag(page, port(page, "retry", "on_stop"), step(page, "message"))
    page.get_by_role("button", name="Show all").click()
    drag(page, port(page, "message", "next"), step(page, "over"))
    save(page)
    placed = kept(merchant, flow_id)
    assert {**placed, "layout": {}} == built()
    assert set(placed["layout"]) == {"retry", "message"}
    # A step that is dragged stays where it was let go.
    page.get_by_role("button", name="Show all").click()
    drag(page, step(page, "over"), (520, 120))
    save(page)
    assert set(kept(merchant, flow_id)["layout"]) == {"retry", "message", "over"}
    page.get_by_role("button", name="Lay out again").click()
    save(page)
    assert kept(merchant, flow_id) == built()


def test_a_flow_is_built_by_keyboard_alone(page: Page, merchant: Merchant):
    flow_id = create(merchant)
    open_flow(page, merchant, flow_id)
    keys = page.keyboard
    for _ in range(60):
        keys.press("Tab")
        if page.evaluate("document.activeElement.matches('.step')"):
            break
    expect(step(page, "")).to_be_focused()

    def choose(kind: str) -> None:
        keys.press("a")
        for _ in range(12):
            if page.evaluate("document.activeElement.dataset.kind") == kind:
                break
            keys.press("ArrowDown")
        keys.press("Enter")
        expect(page.get_by_label("Title")).to_be_focused()
        keys.press("Escape")
        expect(step(page, kind)).to_be_focused()

    choose("retry")
    choose("message")
    # The second way out of the retry leads to the step below.
    keys.press("ArrowUp")
    expect(step(page, "retry")).to_be_focused()
    keys.press("c")
    keys.press("c")
    expect(page.locator(".status")).to_contain_text("Connecting “Must not retry” of “Retry”")
    keys.press("ArrowDown")
    expect(step(page, "message")).to_be_focused()
    keys.press("Enter")
    save(page)
    assert kept(merchant, flow_id) == built()
    # Deleted and brought back, the document is the same; each step of undo is one edit.
    keys.press("Delete")
    expect(step(page, "retry")).to_have_count(0)
    keys.press("Control+z")
    save(page)
    assert kept(merchant, flow_id) == built()
    for _ in range(3):
        keys.press("Control+z")
    save(page)
    assert kept(merchant, flow_id) == document_of(flow_of(BLANK))
    for _ in range(3):
        keys.press("Control+Shift+z")
    save(page)
    assert kept(merchant, flow_id) == built()


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


def test_versions_are_published_compared_and_gone_back_to(page: Page, merchant: Merchant):
    flow_id = create(merchant, library="dispute_lost")
    open_flow(page, merchant, flow_id)
    bar, sure = page.locator(".tools"), page.locator(".sure")
    bar.get_by_role("button", name="Publish").click()
    sure.get_by_role("button", name="Publish").click()
    expect(page.locator(".standing")).to_contain_text("Live · version 1")
    step(page, "person").click()
    page.get_by_label("Instruction").fill("Call them.")
    page.get_by_label("Instruction").press("Tab")
    page.locator('.rail [data-kind="wait"]').click()
    expect(step(page, "wait")).to_be_visible()
    bar.get_by_role("button", name="Publish").click()
    sure.get_by_role("button", name="Publish").click()
    expect(page.locator(".standing")).to_contain_text("Live · version 2")
    bar.get_by_role("button", name="Versions").click()
    page.get_by_role("button", name="Compare version 2 with the one before").click()
    old = document_of(library()["dispute_lost"])["steps"]["person"]
    expect(page.locator(".changes li")).to_have_text([
        "ChangedPerson" + f"Instruction: {old['instruction']} → Call them." + "Next: Over → Wait",
        "AddedWait",
    ])  # fmt: skip
    expect(page.locator(".box.added .step")).to_have_attribute("data-step", "wait")
    expect(page.locator(".box.changed .step")).to_have_attribute("data-step", "person")
    expect(page.locator(".wire.added")).to_have_count(2)
    bar.get_by_role("button", name="Versions").click()
    page.get_by_role("button", name="Look at version 1").click()
    expect(step(page, "wait")).to_have_count(0)
    page.get_by_role("button", name="Make it the draft").click()
    save(page)
    assert kept(merchant, flow_id) == document_of(library()["dispute_lost"])
    bar.get_by_role("button", name="Versions").click()
    page.get_by_role("button", name="Go back to version 1").click()
    expect(page.locator(".standing")).to_contain_text("Live · version 1")
    bar.get_by_role("button", name="Pause").click()
    sure.get_by_role("button", name="Pause").click()
    expect(page.locator(".standing")).to_contain_text("Paused · version 1")
    shown = ask(merchant, f"flows/{flow_id}")
    assert (shown["state"], shown["live_version"], shown["last_version"]) == ("paused", 1, 2)


def test_a_simulation_stands_on_the_canvas_as_the_endpoint_tells_it(
    page: Page, merchant: Merchant, warehouse
):
    """Ten failures, four of them paid two days later; the draft on the canvas is not saved."""
    create_table(warehouse, "unified/payment_attempts/payment_attempts",
                 "workspace_id, connection_id, customer_id, payment_id, id")  # fmt: skip
    began = utc_now() - timedelta(days=30)
    rows = [
        [str(merchant.tenant), "conn_test", f"ch_{n}_{day}", f"cus_{n}", f"pi_{n}", "in_1",
         "failed" if day == 0 or n >= 4 else "succeeded", began + timedelta(days=day),
         "insufficient_funds" if day == 0 or n >= 4 else None, "EUR", 4900, "card", 1, 0]
        for n in range(10) for day in (0, 2)
    ]  # fmt: skip
    warehouse.insert_rows("unified.payment_attempts", rows, [
        "workspace_id", "connection_id", "id", "customer_id", "payment_id", "invoice_id", "status",
        "occurred_at", "decline_code", "currency", "amount_minor", "payment_method_type",
        "version", "is_deleted",
    ])  # fmt: skip
    flow_id = create(merchant, library="soft_decline")
    saved = kept(merchant, flow_id)
    open_flow(page, merchant, flow_id)
    step(page, "payday_tries").click()
    page.get_by_role("button", name="Remove try 2").click()
    page.get_by_role("button", name="Simulate").click()
    tries = saved["steps"]["payday_tries"]
    shown = {**saved, "steps": {**saved["steps"],
             "payday_tries": {**tries, "schedule": tries["schedule"][:1]}}}  # fmt: skip
    told = ask(merchant, f"flows/{flow_id}/simulate", "POST", json={"document": shown})
    assert told["taken"] == 10
    for one in told["steps"]:
        notes = [f"up to {one['episodes']} of 10 come here"]
        if one["cash"]:
            notes.append(f"about {one['expected_tries']} tries")
        elif one["actions"]:
            notes.append(f"{one['actions']} times")
        notes += [
            f"{euro(cash['expected_minor'])} ({euro(cash['low_minor'])[:-4]} to"
            f" {euro(cash['high_minor'])[:-4]})"
            for cash in one["cash"]
        ]
        box = page.locator(".box").filter(has=page.locator(f'.step[data-step="{one["step"]}"]'))
        expect(box.locator(".notes span")).to_have_text(notes)
    (currency,) = told["currencies"]
    expect(page.locator(".figure")).to_have_text(euro(currency["expected_minor"]))
    expect(page.locator(".outcome")).to_contain_text(
        f"{euro(currency['low_minor'])} to {euro(currency['high_minor'])}"
    )
    goals = page.get_by_role("region", name="Goals")
    expect(goals.locator("dt")).to_have_text([one["title"] for one in told["goals"]])
    expect(goals.locator("dd")).to_have_text([
        "not told by the past" if one["expected"] is None
        else f"about {one['expected']} of 10 ({one['low']} to {one['high']})"
        for one in told["goals"]
    ])  # fmt: skip
    assert kept(merchant, flow_id) == saved


def euro(minor: int) -> str:
    return f"{minor // 100:,}.{minor % 100:02} EUR"


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
