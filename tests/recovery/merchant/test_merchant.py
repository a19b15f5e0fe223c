"""A merchant in a real browser: from the board to an episode, a try by hand, and paid at Stripe."""

from datetime import timedelta

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from core.clock import utc_now
from core.settings import Settings
from core.warehouse import Warehouse
from serving.recovery_pages.shell import SECTIONS
from tests.declared_tables import create_table
from tests.recovery.conftest import Company
from tests.recovery.flow_documents import DAYS_2, END, steps
from tests.recovery.served import serving
from tests.serving.browsing import chromium, needs_chromium, signed_in
from tests.serving.merchant import Merchant
from tests.serving.visitor import Visitor, new_address

pytestmark = needs_chromium
SOFT = "insufficient_funds"
PHONE = {"width": 375, "height": 740}
# Writes, rests for two days, asks a person.
RESTS = {
    "first": {"kind": "message", "template": "payment_failed", "tone": "friendly", "next": "rest"},
    "rest": {"kind": "wait", "until": DAYS_2, "next": "ask"},
    "ask": {"kind": "task", "instruction": "Call them.", "next": "over"},
    "over": END,
}


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


@pytest.fixture
def merchant(company: Company, one_clock, mailbox, engines: Settings):
    """Whoever owns the company's workspace, signed in."""
    with serving(engines) as host:
        visitor, email = Visitor(host, mailbox), new_address("owner")
        visitor.sign_in(email)
        with psycopg.connect(engines.required("database_owner_url")) as connection:
            connection.execute(
                "insert into members (workspace_id, id, email, name, role, user_id, created_at,"
                " updated_at) select %s, 'mem_owner', email, name, 'owner', id, now(), now()"
                " from users where email = %s",
                [company.workspace_id, email],
            )
        tenant = company.connection.tenant
        yield Merchant(visitor, company.application, engines, tenant, email)
        visitor.close()


def test_a_try_by_hand_is_seen_to_be_paid(browser: Browser, company: Company, merchant: Merchant):
    company.publish(steps(**RESTS))
    company.subscriber(SOFT, None)
    company.renew()
    merchant.visitor.sign_in(merchant.email)  # a month later
    with signed_in(browser, merchant) as page:
        page.goto(merchant.base)
        figures = page.locator(".figures")
        expect(figures).to_contain_text("At risk€49.00")
        expect(figures).to_contain_text("In recovery€49.00")
        page.get_by_role("link", name="Episodes").click()
        page.get_by_role("link", name="Renewal failed").click()
        timeline = page.get_by_role("list").filter(has_text="Message sent")
        expect(timeline).to_contain_text("Declined: insufficient funds")
        expect(timeline).to_contain_text("Waits 2 days.")
        page.get_by_role("button", name="Retry now").click()
        expect(page.get_by_text("Retry waiting, asked by hand")).to_be_visible()
        # The worker's turn; the page looks again by itself.
        company.settle_down()
        expect(page.get_by_role("heading", level=1)).to_have_text("€49.00 Recovered")
        first = page.locator(".timeline li").first
        expect(first).to_contain_text("A retry by hand was paid.")
        expect(first).to_contain_text("Charge: ch_")
        page.get_by_role("link", name="Board").click()
        expect(figures).to_contain_text("At risk€0.00")
        expect(figures).to_contain_text("Recovered, 30 days€49.00")
    assert company.paid()[company.episode()["subject_id"]] == 4900


def test_pages_work_without_scripts_by_keyboard_and_are_clean_to_axe(
    browser: Browser, company: Company, merchant: Merchant
):
    company.publish(steps(**RESTS))
    company.subscriber(SOFT)
    company.renew()
    merchant.visitor.sign_in(merchant.email)  # a month later
    path = f"{merchant.base}/episodes/{company.episode()['id']}"
    with signed_in(browser, merchant, java_script_enabled=False, viewport=PHONE) as page:
        page.goto(path)
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
        page.get_by_role("button", name="Pause").focus()
        page.keyboard.press("Enter")
        # Two may be announced: what was done, and what is under way.
        expect(page.get_by_role("status").first).to_have_text("Paused. Its timers stand still.")
        page.get_by_role("button", name="Resume").click()
        expect(page.locator(".timeline li").first).to_contain_text(f"Resumed by {merchant.email}.")
    _settle(merchant, company)
    # The builder's and the editor's pages have tests of their own.
    own = [one.path for one in SECTIONS if one.name not in ("flows", "templates")]
    found = []
    with signed_in(browser, merchant, color_scheme="light", viewport=PHONE) as page:
        for address in (*(merchant.base + one for one in own), path):
            # At rest: axe would ask a frame that is still on its way.
            page.goto(address, wait_until="networkidle")
            fits = "document.documentElement.scrollWidth <= window.innerWidth"
            assert page.evaluate(fits), address
            found.append(Axe().run(page))
            page.emulate_media(color_scheme="dark")
            found.append(Axe().run(page, options={"runOnly": ["color-contrast"]}))
            page.emulate_media(color_scheme="light")
    assert [one.generate_report() for one in found if one.violations_count] == []


def _settle(merchant: Merchant, company: Company) -> None:
    """Have the marts know of one failed payment that came back."""
    warehouse = Warehouse.connect(merchant.settings)
    create_table(warehouse, "marts/recovery/fct_recovery_episodes",
                 "workspace_id, connection_id, episode_id")  # fmt: skip
    failed = utc_now() - timedelta(days=9)
    paid = failed + timedelta(days=2)
    warehouse.insert_rows(
        "marts.fct_recovery_episodes",
        [[company.workspace_id, company.connection.id, "in_1", "EUR", 4900, failed, "recovered",
          paid, paid, 4900, 1, 0]],
        ["workspace_id", "connection_id", "episode_id", "currency", "amount_minor", "opened_at",
         "outcome", "recovered_at", "settled_at", "recovered_minor", "version", "is_deleted"],
    )  # fmt: skip
    warehouse.close()
