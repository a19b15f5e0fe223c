"""From the message to another card and back, in a real browser without a script, on a phone."""

import pytest
from playwright.sync_api import Browser, expect

from tests.recovery.payer.conftest import HARD, Payer
from tests.serving.browsing import axe_complaints, chromium, needs_chromium

pytestmark = needs_chromium
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


def test_a_payer_leaves_for_stripes_page_comes_back_with_a_card_and_pays(
    payer: Payer, browser: Browser
) -> None:
    """The way out is a page that goes on by itself: our policy lets forms lead nowhere else."""
    buyer = payer.owes(HARD, None, email="eve@payer.example")
    address = payer.host + payer.path("eve@payer.example")
    with browser.new_context(java_script_enabled=False, viewport=PHONE) as context:
        page = context.new_page()
        refused: list[str] = []
        page.on("console", lambda said: refused.append(said.text))
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        # A card that was refused for good is not what is offered first.
        expect(page.get_by_role("button").first).to_have_text("Use another payment method")
        page.get_by_role("button", name="Use another payment method").click()
        # The sandbox's Stripe, on an origin of its own.
        expect(page.get_by_role("heading", name="Another payment method")).to_be_visible()
        assert page.url.startswith(f"{payer.company.connection.api_url}/p/session/")
        page.get_by_label("Card").select_option("pm_card_chargeDeclinedExpiredCard")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("alert")).to_contain_text("expired")
        page.get_by_label("Card").select_option("pm_card_mastercard")
        page.get_by_role("button", name="Save").click()
        expect(page).to_have_url(f"{address}/back")
        expect(page.get_by_role("status")).to_contain_text("the new payment method is saved")
        payer.company.settle_down()
        expect(page.get_by_role("button").first).to_have_text("Try the payment again now")
        page.get_by_role("button", name="Try the payment again now").click()
        expect(page).to_have_url(f"{address}/trying")
        payer.company.settle_down()
        # The page asks again by itself, and says that it is over.
        expect(page.get_by_role("heading", name="All paid, thank you")).to_be_visible(
            timeout=20_000
        )
        assert not [text for text in refused if "Content Security Policy" in text]
    assert payer.company.charges(buyer["customer"]) == ["paid", HARD, "paid"]
    ended = payer.company.episode()
    assert (ended["outcome"], ended["recovered_by"]) == ("recovered", "retry")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_a_payer_sees_is_clean_to_axe(payer: Payer, browser: Browser, scheme: str) -> None:
    payer.owes(HARD, None, email="fay@payer.example")
    path = payer.path("fay@payer.example")
    with browser.new_context(viewport=PHONE, color_scheme=scheme) as context:
        page, found = context.new_page(), []
        for seen in (path, f"{path}/back", path.replace("/r/", "/r/none"), f"{path}/unsubscribe"):
            page.goto(payer.host + seen)
            found += axe_complaints(page)
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        page.goto(payer.host + path)
        for summary in page.locator("summary").all():
            summary.click()
        found += axe_complaints(page)
        page.get_by_role("button", name="Use another payment method").click()
        expect(page.get_by_role("heading", name="Another payment method")).to_be_visible()
        found += axe_complaints(page)
    assert found == []
