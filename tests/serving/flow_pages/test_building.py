"""Can a flow be built in a real browser: by drag, by keyboard only, and is what is kept exact?"""

from typing import Any

from playwright.sync_api import Page, expect

from recovery.flows.document import document_of, flow_of
from serving.recovery_pages.flows import BLANK
from tests.serving.browsing import needs_chromium
from tests.serving.flow_pages.canvas import create, drag, kept, open_flow, port, save, step
from tests.serving.merchant import Merchant

pytestmark = needs_chromium
DAYS_2 = {"kind": "duration", "days": 2, "hours": 0, "minutes": 0}


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
