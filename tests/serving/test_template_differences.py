"""What differs between two versions of a message is seen word by word, without scripts."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.recovery_pages.differences import PARTS, differences
from tests.serving.browsing import axe_complaints, chromium, needs_chromium, signed_in
from tests.serving.merchant import Merchant
from tests.serving.reminder import PATH, WORDS

# Texts that share words, as versions do.
TEXTS = st.lists(
    st.sampled_from(["Pay ", "{{ amount }}", " now", ". ", "today", "\n\n", "{% if due_on %}", "é"])
).map("".join)


def told(before: str, after: str) -> list[tuple[str, str]]:
    parts = differences({**WORDS, "subject": before}, {**WORDS, "subject": after})
    assert [one.label for one in parts if one.is_changed] == (
        ["Subject"] if before != after else []
    )
    return [(one.kind, one.text) for one in parts[0].pieces]


def test_a_changed_word_stands_between_what_stayed():
    assert told("Reminder: {{ amount }} is open", "Reminder: {{ amount }} is due") == [
        ("same", "Reminder: {{ amount }} is "), ("removed", "open"), ("added", "due"),
    ]  # fmt: skip
    # A variable is one word, and a sentence that is replaced is not cut at its spaces.
    assert told("Pay {{ amount }} now", "Send {{ due_on }} now") == [
        ("removed", "Pay {{ amount }}"), ("added", "Send {{ due_on }}"), ("same", " now"),
    ]  # fmt: skip
    assert told("Pay now", "Please pay now") == [
        ("removed", "Pay"), ("added", "Please pay"), ("same", " now"),
    ]  # fmt: skip


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_from_what_differs(before: str, after: str):
    pieces = told(before, after)
    assert "".join(text for kind, text in pieces if kind != "added") == before
    assert "".join(text for kind, text in pieces if kind != "removed") == after
    assert all(text for _, text in pieces)


@pytest.fixture
def published(merchant: Merchant) -> Merchant:
    """Two versions and a draft of one message."""
    opened = merchant.open(PATH)
    for subject, do in (("First {{ amount }}", "publish"), ("Second {{ amount }}", "publish"),
                        ("Third {{ amount }}", "save")):  # fmt: skip
        fields = {**WORDS, "subject": subject}
        assert merchant.submit(opened, PATH, **fields, do=do).status_code == 200
    return merchant


def shown(merchant: Merchant, query: str) -> tuple[str, list[tuple[str, str]]]:
    """What the page says of two states: its title, and what went and came."""
    page = merchant.open(f"{PATH}{query}").text
    part = re.search(r'<div class="differences".*?</div>', page, re.S)
    if part is None:
        return "", []
    title = re.search(r"<h3[^>]*>(.*?)</h3>", part[0])
    assert title is not None
    return unescape(title[1]), re.findall(r"<(del|ins)>(.*?)</\1>", part[0])


def test_any_two_versions_the_draft_and_the_library_are_compared(published: Merchant):
    page = published.open(PATH).text
    assert 'href="' + published.base + PATH + '?compare=1&amp;with=2#differences"' in page
    assert shown(published, "?compare=1&with=2") == (
        "From “Version 1” to “Version 2”", [("del", "First"), ("ins", "Second")],
    )  # fmt: skip
    assert shown(published, "?compare=2&with=draft") == (
        "From “Version 2” to “The draft”", [("del", "Second"), ("ins", "Third")],
    )  # fmt: skip
    assert shown(published, "?compare=library&with=1")[1] == [
        ("del", "Reminder:"), ("ins", "First"), ("del", " is open"),
    ]  # fmt: skip
    same = published.open(f"{PATH}?compare=2&with=2").text
    assert "They say the same." in same
    # What is not there is not compared: the page opens as it does otherwise.
    assert shown(published, "?compare=2&with=9") == ("", [])
    assert published.open(f"{PATH}?compare=nonsense&with=2").status_code == 422
    assert set(PARTS) == set(WORDS)


@needs_chromium
def test_what_differs_is_clean_to_axe_and_fits_a_phone(published: Merchant):
    with chromium() as browser, signed_in(browser, published) as page:
        page.goto(f"{published.base}{PATH}")
        page.get_by_label("Compare").select_option("1")
        page.get_by_label("with", exact=True).select_option("draft")
        page.get_by_role("button", name="Show what differs").click()
        assert page.locator(".differences ins").all_text_contents() == ["Third"]
        found = axe_complaints(page)
        page.emulate_media(color_scheme="dark")
        found += axe_complaints(page)
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert found == []
