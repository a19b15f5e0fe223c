"""Are words checked where they stand, shown as a payer gets them, and only then published?"""

import re

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from recovery.messages.templates import Purpose, Tone, library
from recovery.payer.wording import words_of
from tests.serving.browsing import axe_complaints, chromium, needs_chromium, signed_in
from tests.serving.merchant import Merchant
from tests.serving.reminder import PATH
from tests.serving.reminder import WORDS as NEUTRAL

pytestmark = needs_chromium
PUBLISH = {"do": "publish"}
FORMAL = words_of(library(Purpose.REMINDER, "en", Tone.FORMAL))
OPEN = "{{ amount }}{% if due_on %}, due on {{ due_on }},{% endif %} is still open."


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser, merchant: Merchant):
    with signed_in(browser, merchant) as opened:
        yield opened


def held(merchant: Merchant) -> dict[str, object]:
    answer = merchant.visitor.api("GET", f"/v1/recovery{PATH}", str(merchant.tenant))
    assert answer.status_code == 200
    return dict(answer.json())


def in_use(merchant: Merchant) -> dict[str, object]:
    return {name: value for name, value in held(merchant).items() if name in NEUTRAL}


def draft(merchant: Merchant) -> dict[str, object]:
    return held(merchant)["draft"]


def test_a_finding_stands_at_its_words_and_the_mended_text_becomes_a_version(
    page: Page, merchant: Merchant
):
    page.goto(f"{merchant.base}/templates")
    page.get_by_role("link", name="Neutral Reminder: €49.00 is open").click()
    publish, second = page.get_by_role("button", name="Publish"), page.get_by_label("Paragraph 2")
    expect(publish).to_be_disabled()
    second.fill(f"{OPEN} Pay within 24 hours or we will sue.")
    expect(page.locator(".tone-findings .blocks q")).to_have_text(["within 24 hours", "sue"])
    for shown in (page.locator(".plain-text mark"), page.locator(".words .behind mark")):
        expect(shown).to_have_text(["within 24 hours", "sue"])
    expect(publish).to_be_disabled()
    mail = page.frame_locator(".mail iframe:not(.coming)")
    expect(mail.get_by_text("Pay within 24 hours")).to_be_visible()
    assert held(merchant)["is_own"] is False
    page.get_by_role("button", name="Show the words").first.click()
    assert page.evaluate("getSelection().toString()") == "within 24 hours"
    # Mended by hand; a variable is put in by a click, asked for first as it may not be known.
    second.fill(f"{OPEN} Thank you")
    page.get_by_role("button", name="customer_name text").click()
    expect(page.locator(".tone-findings .fine")).to_be_visible()
    expect(mail.get_by_text("is still open. Thank youAda Byron")).to_be_visible()
    expect(page.locator(".grade")).to_have_text(re.compile(r"Reads like grade \d+ of at most 9"))
    own = f"{OPEN} Thank you{{% if customer_name %}}{{{{ customer_name }}}}{{% endif %}}"
    paragraphs = [NEUTRAL["paragraphs"][0], own, *NEUTRAL["paragraphs"][2:]]
    # Kept as a draft, nothing changes for payers; published, it is a version.
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator(".said")).to_contain_text("The draft is kept")
    expect(page.locator(".standing")).to_have_text(re.compile(r"library\s+draft"))
    assert (held(merchant)["is_own"], draft(merchant)["paragraphs"]) == (False, paragraphs)
    expect(second).to_have_value(own)
    publish.click()
    expect(page.locator(".said")).to_contain_text("Published")
    expect(page.locator(".standing")).to_have_text("version 1")
    assert (in_use(merchant), draft(merchant)) == ({**NEUTRAL, "paragraphs": paragraphs}, None)
    expect(publish).to_be_disabled()
    # A second version, and back: by its words in the form, and by going back to it.
    page.get_by_label("Subject").fill("About {{ amount }}")
    publish.click()
    expect(page.locator(".standing")).to_have_text("version 2")
    page.get_by_role("link", name="Look at it: version 1").click()
    expect(page.get_by_label("Subject")).to_have_value(NEUTRAL["subject"])
    expect(page.locator(".said")).to_contain_text("You look at version 1")
    assert in_use(merchant)["subject"] == "About {{ amount }}"
    page.get_by_role("button", name="Go back to version 1").click()
    expect(page.locator(".standing")).to_have_text("version 1")
    assert in_use(merchant)["subject"] == NEUTRAL["subject"]
    page.get_by_role("button", name="Use the library’s words").click()
    expect(page.locator(".standing")).to_have_text("library")
    assert (held(merchant)["is_own"], in_use(merchant)) == (False, NEUTRAL)


def test_words_are_said_in_another_tone_and_brought_back(page: Page, merchant: Merchant):
    page.goto(merchant.base + PATH)
    page.get_by_role("button", name="Formal").click()
    expect(page.get_by_label("Subject")).to_have_value(FORMAL["subject"])
    boxes = page.get_by_label(re.compile(r"^Paragraph \d"))
    assert [box.input_value() for box in boxes.all()] == FORMAL["paragraphs"]
    page.get_by_role("button", name="Undo").click()
    assert [box.input_value() for box in boxes.all()] == NEUTRAL["paragraphs"]
    # A variable that does not exist is found in its field, and the library's words mend it.
    page.get_by_label("Paragraph 3").fill("{{ total }}")
    expect(page.get_by_label("Paragraph 3")).to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name="Take the library’s body").click()
    expect(page.locator(".tone-findings .fine")).to_be_visible()
    assert [box.input_value() for box in boxes.all()] == NEUTRAL["paragraphs"]


def test_words_that_are_not_saved_are_not_lost_without_a_word(page: Page, merchant: Merchant):
    """Neither by comparing versions nor by going elsewhere; once saved nothing is asked."""
    for words in (NEUTRAL, {**NEUTRAL, "subject": "Your {{ amount }}"}):
        for path, method, body in ((PATH, "PUT", words), (f"{PATH}/changes", "POST", PUBLISH)):
            answer = merchant.visitor.api(method, f"/v1/recovery{path}", str(merchant.tenant),
                                          json=body)  # fmt: skip
            assert answer.status_code == 200, answer.text
    page.goto(merchant.base + PATH)
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    warnings = page.locator(".unsaved")
    expect(warnings.first).to_be_hidden()
    page.get_by_label("Subject").fill("Mine: {{ amount }}")
    expect(warnings).to_have_count(2)
    for one in warnings.all():
        expect(one).to_be_visible()
    for kind, name in (("button", "Show what differs"), ("link", "Board")):
        with page.expect_event("dialog"):
            page.get_by_role(kind, name=name).click()
    assert asked == ["beforeunload", "beforeunload"]
    expect(page.get_by_label("Subject")).to_have_value("Mine: {{ amount }}")
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator(".said")).to_contain_text("The draft is kept")
    expect(page.locator(".unsaved").first).to_be_hidden()
    page.get_by_role("button", name="Show what differs").click()
    expect(page.locator(".differences")).to_be_visible()
    assert len(asked) == 2


def test_the_editor_is_clean_to_axe_and_fits_a_phone(page: Page, merchant: Merchant):
    found = []
    for path in ("/templates", PATH):
        page.goto(merchant.base + path)
        expect(page.locator("h1")).to_be_visible()
        found += axe_complaints(page)
    page.emulate_media(color_scheme="dark")
    page.get_by_label("Paragraph 2").fill("Pay within 24 hours or we will sue.")
    expect(page.locator(".tone-findings .blocks").first).to_be_visible()
    found += axe_complaints(page)
    assert found == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_without_scripts_the_form_tells_and_keeps_the_same(merchant: Merchant):
    """Roles and forgery are refused as everywhere; the preview's document may do nothing."""
    opened = merchant.open(PATH)
    fields = {**NEUTRAL, "paragraphs": [*NEUTRAL["paragraphs"][:2], "Pay or we will sue.", "Bye"]}
    refused = merchant.submit(opened, PATH, **fields)
    assert refused.status_code == 409
    assert "<q>sue</q>" in refused.text
    # What was written is not lost: it is the draft, which nobody reads but its writer.
    assert (in_use(merchant), draft(merchant)) == (NEUTRAL, fields)
    fine = {**NEUTRAL, "subject": "About {{ amount }}"}
    assert merchant.submit(opened, PATH, **fine, do="save").status_code == 200
    assert (in_use(merchant), draft(merchant)) == (NEUTRAL, fine)
    for do, expected in (("publish", fine), ("library", NEUTRAL), ("rollback", fine)):
        form = PATH if do == "publish" else f"{PATH}/changes"
        more = {"version": "1"} if do == "rollback" else {}
        given = fine if do == "publish" else more
        assert merchant.submit(opened, form, **given, do=do).status_code == 200
        assert (in_use(merchant), draft(merchant)) == (expected, None)
    seen = merchant.submit(opened, f"{PATH}/preview", words="{}")
    assert seen.status_code == 422
    forged = merchant.visitor.http.post(merchant.base + PATH, data=fine)
    assert forged.status_code == 403
    with merchant.rows() as rows:
        rows.execute("update members set role = 'member' where email = %s", [merchant.email])
    assert merchant.submit(merchant.open(PATH), PATH, **fine).status_code == 403
    assert "Publish" not in merchant.open(PATH).text
