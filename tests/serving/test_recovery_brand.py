"""The brand, over the API and on its page: who speaks, in which voice and colours."""

from playwright.sync_api import expect

from tests.serving.browsing import axe_complaints, chromium, needs_chromium, signed_in
from tests.serving.merchant import Merchant
from tests.serving.reminder import NAMED, WORDS


def test_a_look_is_kept_and_shows_in_previews(send, workspace) -> None:
    assert send("GET", "/v1/recovery/brand").json()["support_email"] == "oppulence@localhost"
    look = {
        "company_name": "Northwind & Söhne", "sender_name": "Billing", "colour": "#ffd400",
        "support_email": "pay@northwind.example", "logo_url": "", "postal_address": "Hafenstraße 1",
        "voice": "formal",
    }  # fmt: skip
    assert send("PUT", "/v1/recovery/brand", look).json() == look
    assert send("GET", "/v1/recovery/brand").json() == look
    asked = {**NAMED, **WORDS}
    html = send("POST", "/v1/recovery/template_checks", asked).json()["html"]
    assert "#ffd400" in html
    assert "Northwind &amp; Söhne" in html
    bad = send("PUT", "/v1/recovery/brand", {**look, "colour": "red;}"})
    assert bad.status_code == 422
    for wrong in ({"voice": "brand"}, {"sender_name": "Billing\r\nBcc: all"}, {"logo_url": "x"}):
        assert send("PUT", "/v1/recovery/brand", {**look, **wrong}).status_code == 422


FORM = {
    "company_name": "Northwind", "sender_name": "", "support_email": "pay@northwind.example",
    "colour": "#0a7d4f", "logo_url": "", "postal_address": "Hafenstraße 1\r\nHamburg",
    "voice": "friendly",
}  # fmt: skip


def brand_of(merchant: Merchant) -> dict[str, object]:
    return dict(merchant.visitor.api("GET", "/v1/recovery/brand", str(merchant.tenant)).json())


def test_the_page_keeps_a_brand_and_tells_what_is_wrong_with_one(merchant: Merchant) -> None:
    opened, before = merchant.open("/brand"), brand_of(merchant)
    refused = merchant.submit(opened, "/brand", **{**FORM, "logo_url": "http://x", "colour": "red"})
    assert refused.status_code == 422
    assert "A colour is written #rrggbb. A logo is at an https address" in refused.text
    assert 'value="http://x"' in refused.text
    assert brand_of(merchant) == before
    saved = merchant.submit(opened, "/brand", **FORM)
    assert "the next message looks like this" in saved.text
    assert brand_of(merchant) == {**FORM, "postal_address": "Hafenstraße 1\nHamburg"}
    shown = merchant.submit(opened, "/brand/preview", **FORM, purpose="reminder", language="de")
    assert "Hallo Ada Byron" in shown.text
    assert "#0a7d4f" in shown.text
    assert "sandbox" in shown.headers["content-security-policy"]
    assert merchant.submit(opened, "/brand/preview", **{**FORM, "colour": "x"}).status_code == 422
    with merchant.rows() as rows:
        rows.execute("update members set role = 'member' where email = %s", [merchant.email])
    looked = merchant.open("/brand")
    assert ">Save<" not in looked.text
    assert merchant.submit(looked, "/brand", **FORM).status_code == 403
    assert merchant.submit(looked, "/brand/preview", **FORM).status_code == 200


@needs_chromium
def test_the_email_follows_what_is_typed_and_the_page_is_clean_to_axe(merchant: Merchant) -> None:
    with chromium() as browser, signed_in(browser, merchant) as page:
        page.goto(f"{merchant.base}/brand")
        mail = page.frame_locator("iframe")
        page.get_by_label("Company").fill("Northwind & Söhne")
        page.get_by_label("Formal").check()
        expect(mail.get_by_text("Dear Ada Byron")).to_be_visible()
        expect(mail.get_by_text("Northwind & Söhne").first).to_be_visible()
        page.get_by_label("Language").select_option("fr")
        expect(mail.get_by_text("salutations distinguées")).to_be_visible()
        found = axe_complaints(page)
        page.emulate_media(color_scheme="dark")
        found += axe_complaints(page)
        assert found == []
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("status")).to_contain_text("Saved")
    assert (brand_of(merchant)["company_name"], brand_of(merchant)["voice"]) == (
        "Northwind & Söhne", "formal",
    )  # fmt: skip
