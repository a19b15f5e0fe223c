"""How does a test work on the canvas? Flows over the API, and what stands where on the page."""

from typing import Any

from playwright.sync_api import FloatRect, Locator, Page, expect

from serving.recovery_pages.flows import BLANK
from tests.serving.merchant import Merchant


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
