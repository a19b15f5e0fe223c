"""Does a language model only suggest? Over the API and in the editor, checked, kept nowhere."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import expect
from pydantic import SecretStr

from sandbox.language_model import API_KEY, EXTRA, MODEL
from tests.serving.browsing import axe_complaints, chromium, needs_chromium, signed_in
from tests.serving.merchant import Merchant
from tests.serving.reminder import NAMED, WORDS

ASKED = {**NAMED, "voice": "friendly", **WORDS}


@pytest.fixture(scope="module")
def written_url(serve, engines, stripe_sandbox, warehouse) -> str:
    """An API with the sandbox's language model plugged in."""
    return serve(
        engines.model_copy(
            update={
                "language_model_url": f"{stripe_sandbox.url}/language_model/v1",
                "language_model_key": SecretStr(API_KEY),
                "language_model_name": MODEL,
                "public_url": "",
            }
        )
    )


@pytest.fixture
def writer(written_url, mailbox, database, engines) -> Iterator[Merchant]:
    arrived = Merchant.arrive(written_url, mailbox, database, engines)
    yield arrived
    arrived.visitor.close()


def rewrite(merchant: Merchant, **changes: object) -> httpx.Response:
    return merchant.visitor.api(
        "POST", "/v1/recovery/template_rewrites", str(merchant.tenant), json={**ASKED, **changes}
    )


def spoil(stripe_sandbox, kind: str) -> None:
    rule = {"kind": kind, "path": "^/language_model", "next": 1}
    httpx.post(f"{stripe_sandbox.url}/_sandbox/faults", json=rule).raise_for_status()


def test_without_a_model_the_api_says_so_and_the_page_offers_none(merchant: Merchant) -> None:
    refused = rewrite(merchant)
    assert (refused.status_code, refused.json()["code"]) == (409, "language_model_off")
    assert "suggest it" not in merchant.open("/templates/reminder/en/neutral").text


def test_a_suggestion_is_checked_and_kept_nowhere(writer: Merchant, stripe_sandbox) -> None:
    first, second, *rest = WORDS["paragraphs"]
    said = rewrite(writer)
    assert said.status_code == 200
    assert said.json() == {
        "model": MODEL, "words": {**WORDS, "paragraphs": [first, f"{second} {EXTRA}", *rest]},
        "may_be_published": True, "findings": [], "lost_variables": [],
    }  # fmt: skip
    spoil(stripe_sandbox, "drops_variable")
    lost = rewrite(writer).json()
    assert (lost["may_be_published"], lost["lost_variables"]) == (False, ["amount"])
    assert [one["rule"] for one in lost["findings"]] == ["amount_missing", "sms_amount_missing"]
    spoil(stripe_sandbox, "talks")
    failed = rewrite(writer)
    assert (failed.status_code, failed.json()["code"]) == (502, "language_model_failed")
    assert failed.json()["detail"] == "Its text does not have the parts of a message."
    path = "/v1/recovery/templates/reminder/en/neutral"
    held = writer.visitor.api("GET", path, str(writer.tenant)).json()
    assert (held["is_own"], held["has_draft"], held["updated_at"]) == (False, False, None)
    with writer.rows() as rows:
        rows.execute("update members set role = 'member' where email = %s", [writer.email])
    assert rewrite(writer).status_code == 403


@needs_chromium
def test_the_editor_shows_a_suggestion_its_findings_and_the_way_back(
    writer: Merchant, stripe_sandbox
) -> None:
    with chromium() as browser, signed_in(browser, writer) as page:
        page.goto(f"{writer.base}/templates/reminder/en/neutral")
        second, said = page.get_by_label("Paragraph 2"), page.locator(".said")
        page.get_by_role("button", name="Suggest it formal").click()
        expect(second).to_have_value(f"{WORDS['paragraphs'][1]} {EXTRA}")
        expect(said).to_have_text(f"A suggestion of {MODEL}, not kept anywhere: read it.")
        page.get_by_role("button", name="Undo").click()
        expect(second).to_have_value(WORDS["paragraphs"][1])
        spoil(stripe_sandbox, "threatens")
        page.get_by_role("button", name="Suggest it firm").click()
        expect(page.locator(".tone-findings .blocks q").first).to_be_visible()
        expect(page.get_by_role("button", name="Publish")).to_be_disabled()
        assert axe_complaints(page) == []
        page.get_by_role("button", name="Undo").click()
        expect(second).to_have_value(WORDS["paragraphs"][1])
