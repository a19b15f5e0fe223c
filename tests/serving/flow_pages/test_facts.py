"""Can a merchant choose a fact of the unified layer, and a goal? In a real browser."""

from playwright.sync_api import Page, expect

from recovery.flows.document import document_of, flow_of
from serving.recovery_pages.flows import BLANK
from tests.serving.browsing import axe_complaints, needs_chromium
from tests.serving.flow_pages.canvas import ask, create, kept, open_flow, save, step
from tests.serving.merchant import Merchant

pytestmark = needs_chromium
ASKS = {
    **BLANK, "start": "branch",
    "steps": {
        "branch": {"kind": "branch", "otherwise": "await", "cases": [
            {"when": {"fact": "decline_class", "op": "eq", "value": "soft"}, "next": "over"}]},
        "await": {"kind": "await", "event": "promise_made", "on_event": "over",
                  "timeout": {"kind": "duration", "days": 3}, "on_timeout": "over"},
        **BLANK["steps"],
    },
}  # fmt: skip


def test_a_fact_of_the_books_a_day_and_a_column_are_chosen(page: Page, merchant: Merchant):
    flow_id = create(merchant, document=ASKS)
    open_flow(page, merchant, flow_id)
    step(page, "branch").click()
    details = page.locator(".details")
    labels = details.locator("optgroup").evaluate_all("all => all.map((one) => one.label)")
    assert labels[:6] == [
        "This payment", "The payer", "Their subscription", "Your books (QuickBooks, Xero)",
        "Your banks", "What enrichment found",
    ]  # fmt: skip
    details.get_by_label("Fact").select_option("books.open_receivable")
    expect(details).to_contain_text("What the books say they owe, over all documents")
    # Money: ordered, in a currency.
    details.get_by_label("Comparison").select_option("gt")
    details.get_by_label("Amount, in minor units").fill("25000")
    details.get_by_label("Amount, in minor units").blur()
    details.get_by_label("Currency").fill("usd")
    details.get_by_label("Currency").blur()
    expect(step(page, "branch")).to_contain_text("books: open receivable > 250.00 USD")
    details.get_by_role("button", name="And …").click()
    second = details.get_by_label("Fact").nth(1)
    second.select_option("subscription.period_ends_on")
    ordered = details.get_by_label("Comparison").nth(1).locator("option")
    assert ordered.all_text_contents()[:4] == ["is on", "is not on", "is before", "is on or before"]
    details.get_by_label("Comparison").nth(1).select_option("lte")
    details.get_by_label("Value").fill("today+7")
    details.get_by_label("Value").blur()
    details.get_by_role("button", name="Add a part").click()
    details.get_by_label("Fact").nth(2).select_option("unified.customers.delinquent")
    save(page)
    drawn = kept(merchant, flow_id)
    assert drawn["steps"]["branch"]["cases"][0]["when"] == {
        "all": [
            {"fact": "books.open_receivable", "op": "gt", "value": 25_000, "currency": "USD"},
            {"fact": "subscription.period_ends_on", "op": "lte", "value": "today+7"},
            {"fact": "unified.customers.delinquent", "op": "eq", "value": True},
        ]
    }  # fmt: skip
    said = ask(merchant, "flow_validations", "POST", json={"document": drawn})
    assert said == {"is_publishable": True, "findings": []}
    assert axe_complaints(page) == []


def test_a_goal_is_declared_awaited_and_taken_away_again(page: Page, merchant: Merchant):
    flow_id = create(merchant, document=ASKS)
    open_flow(page, merchant, flow_id)
    step(page, "").click()
    details = page.locator(".details")
    details.get_by_role("button", name="Add goal").click()
    goal = details.locator("fieldset").filter(has=page.locator("legend", has_text="Goals")).first
    goal.get_by_label("Title").fill("Half of it")
    goal.get_by_label("Title").blur()
    goal.get_by_label("At least so much, in minor units").fill("2500")
    goal.get_by_label("At least so much, in minor units").blur()
    goal.get_by_label("Currency").fill("EUR")
    goal.get_by_label("Currency").blur()
    expect(step(page, "")).to_contain_text("aims at: half of it")
    page.keyboard.press("Escape")
    step(page, "await").click()
    details.get_by_label("Event").select_option("goal_reached")
    details.get_by_label("Which goal").select_option("goal_1")
    expect(step(page, "await")).to_contain_text("Until the goal “goal 1” is reached")
    save(page)
    with_goal = kept(merchant, flow_id)
    assert with_goal["goals"] == [
        {
            "name": "goal_1", "title": "Half of it", "ends_flow": False,
            "reached": {"kind": "paid", "at_least_minor": 2500, "currency": "EUR"},
        }
    ]  # fmt: skip
    assert with_goal["steps"]["await"]["goal"] == "goal_1"
    said = ask(merchant, "flow_validations", "POST", json={"document": with_goal})
    assert said["is_publishable"] is True
    assert axe_complaints(page) == []
    # The whole debt again, and another event: what belongs to the old choice goes with it.
    details.get_by_label("Event").select_option("promise_made")
    page.keyboard.press("Escape")
    step(page, "").click()
    details.get_by_role("button", name="Remove goal 1").click()
    save(page)
    assert kept(merchant, flow_id) == document_of(flow_of(ASKS))


def test_a_flow_s_facts_and_goals_are_read_without_a_script(merchant: Merchant):
    goals = [{"name": "paid", "title": "Paid in full", "reached": {"kind": "paid"}}]
    flow_id = create(merchant, document={**ASKS, "goals": goals})
    assert "Goals: paid in full." in merchant.open(f"/flows/{flow_id}").text
