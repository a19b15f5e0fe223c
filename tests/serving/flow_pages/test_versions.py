"""Is what stands on the canvas published, compared and simulated as the endpoints tell it?"""

from datetime import timedelta

from playwright.sync_api import Page, expect

from core.clock import utc_now
from recovery.flows.document import document_of
from recovery.flows.library import library
from tests.declared_tables import create_table
from tests.serving.browsing import needs_chromium
from tests.serving.flow_pages.canvas import ask, create, kept, open_flow, save, step
from tests.serving.merchant import Merchant

pytestmark = needs_chromium


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
