"""Who is left alone: listed, found, added and lifted, over the API and on the page."""

import re

import pytest

from core.clock import utc_now
from recovery.payer.addresses import address_hash
from recovery.payer.suppressing import suppress_address
from tests.serving.browsing import axe_complaints, chromium, needs_chromium, signed_in
from tests.serving.merchant import Merchant

ADA, BOB = address_hash("ada@example.com"), address_hash("bob@example.com")


@pytest.fixture
def api(merchant: Merchant):
    def call(method, path="", **options):
        path = f"/v1/recovery/suppressions{path}"
        return merchant.visitor.api(method, path, str(merchant.tenant), **options)

    return call


def release(api, name, **body):
    return api("POST", f"/email/{name}/changes", json={"do": "release", **body})


def told(merchant: Merchant, name: str, reason: str, told_by: str, episode_id: str = "") -> bool:
    with merchant.rows() as rows:
        return suppress_address(
            rows, str(merchant.tenant), "email", name, reason, utc_now(), told_by=told_by,
            episode_id=episode_id,
        )  # fmt: skip


def reasons(api, query: str = "") -> list[tuple[str, str]]:
    return [(one["address_hash"], one["reason"]) for one in api("GET", query).json()["data"]]


def test_what_a_relay_said_is_lifted_and_a_wish_only_for_a_ground(merchant, api) -> None:
    made = api("POST", json={"address": "Ada@Example.com", "reason": "bounced"})
    assert made.status_code == 201
    assert made.json() == {
        "channel": "email", "address_hash": ADA, "reason": "bounced", "told_by": merchant.email,
        "episode_id": None, "created_at": made.json()["created_at"],
    }  # fmt: skip
    # A bounce is lifted by itself; a wish outranks it, and a later bounce does not hide the wish.
    assert told(merchant, ADA, "unsubscribed", "payer", "ep_1")
    assert not told(merchant, ADA, "bounced", "relay")
    assert reasons(api) == [(ADA, "unsubscribed")]
    stands = release(api, ADA)
    assert (stands.status_code, stands.json()["code"]) == (409, "wish_stands")
    assert release(api, ADA, because="short").status_code == 422
    assert reasons(api) == [(ADA, "unsubscribed")]
    lifted = release(api, ADA, because="Asked for reminders on the phone.")
    assert (lifted.status_code, lifted.json()["reason"]) == (200, "unsubscribed")
    assert release(api, ADA, because="Asked for reminders on the phone.").status_code == 404
    told(merchant, BOB, "bounced", "relay")
    assert release(api, BOB).status_code == 200
    log = merchant.visitor.api("GET", "/v1/audit_log", str(merchant.tenant)).json()["data"]
    kept = [
        (one["action"], one["target"], one["details"]) for one in log if "supp" in one["action"]
    ]
    assert kept == [
        ("recovery_suppression.released", BOB,
         {"channel": "email", "reason": "bounced", "because": ""}),
        ("recovery_suppression.released", ADA,
         {"channel": "email", "reason": "unsubscribed",
          "because": "Asked for reminders on the phone."}),
        ("recovery_suppression.created", ADA, {"channel": "email", "reason": "bounced"}),
    ]  # fmt: skip


def test_only_what_messages_go_to_is_left_alone_a_number_however_it_is_written(api) -> None:
    for address in ("+49 170 1234567", "0049170/1234567", "+491701234567"):
        made = api("POST", json={"channel": "sms", "address": address})
        assert (made.status_code, made.json()["address_hash"]) == (201, address_hash(address))
    assert reasons(api) == [(address_hash("+491701234567"), "by_hand")]
    for channel, address in (
        ("sms", "0170 1234567"), ("sms", "ada@example.com"), ("email", "+491701234567"),
        ("email", "ada @example.com"), ("email", "ada"),
    ):  # fmt: skip
        refused = api("POST", json={"channel": channel, "address": address})
        assert refused.status_code == 422, (channel, address)


def test_addresses_are_listed_by_pages_and_filters(merchant, api) -> None:
    names = [address_hash(f"{number}@example.com") for number in range(5)]
    for number, name in enumerate(names):
        told(merchant, name, "bounced" if number % 2 else "complained", "relay")
    seen, cursor = [], ""
    for _ in range(3):
        page = api("GET", f"?limit=2{cursor}").json()
        seen += [one["address_hash"] for one in page["data"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert (seen, page["has_more"]) == (names[::-1], False)
    assert reasons(api, "?reason=bounced") == [(names[3], "bounced"), (names[1], "bounced")]
    assert reasons(api, f"?address_hash={names[2]}") == [(names[2], "complained")]
    assert reasons(api, "?channel=sms") == []


def test_the_page_finds_an_address_without_writing_it_into_a_url(merchant, api) -> None:
    merchant.episode(merchant.connect(), "ep_1")
    told(merchant, ADA, "unsubscribed", "payer", "ep_1")
    opened = merchant.open("/suppressions")
    assert "Asked to be left alone" in opened.text
    assert f"{merchant.base}/episodes/ep_1" in opened.text
    assert "example.com" not in opened.text.replace(merchant.email, "").replace(
        "ada@example.com", "", 1
    )
    found = merchant.submit(opened, "/suppressions/find", address=" ADA@example.com")
    assert found.url.query == f"address_hash={ADA}".encode()
    assert ADA[:12] in found.text
    none = merchant.submit(opened, "/suppressions/find", address="bob@example.com")
    assert "This address is not left alone" in none.text
    added = merchant.submit(opened, "/suppressions", address="bob@example.com", reason="by_hand")
    assert "Nothing more is sent there" in added.text
    assert reasons(api) == [(BOB, "by_hand"), (ADA, "unsubscribed")]
    refused = merchant.submit(opened, "/suppressions", address="bob bob")
    assert refused.status_code == 422
    wish = f"/suppressions/email/{ADA}/changes"
    for because, status in (("", 409), ("short", 422), ("Wrote to us on Monday.", 200)):
        assert merchant.submit(opened, wish, because=because).status_code == status
    assert reasons(api) == [(BOB, "by_hand")]
    merchant.submit(opened, f"/suppressions/email/{BOB}/changes")
    assert "Nobody is left alone" in merchant.open("/suppressions").text
    told(merchant, ADA, "bounced", "relay")
    with merchant.rows() as rows:
        rows.execute("update members set role = 'member' where email = %s", [merchant.email])
    looked = merchant.open("/suppressions")
    assert re.search("Mail came back", looked.text)
    assert "Write again" not in looked.text
    assert merchant.submit(looked, wish).status_code == 403


@needs_chromium
def test_the_page_is_clean_to_axe_and_fits_a_phone(merchant, api) -> None:
    told(merchant, ADA, "unsubscribed", "payer")
    told(merchant, BOB, "bounced", "relay")
    with chromium() as browser, signed_in(browser, merchant) as page:
        page.goto(f"{merchant.base}/suppressions")
        page.get_by_text("Write again").first.scroll_into_view_if_needed()
        page.locator("summary").click()
        found = axe_complaints(page)
        page.emulate_media(color_scheme="dark")
        found += axe_complaints(page)
        assert found == []
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        page.get_by_label("They asked for messages again").fill("Wrote to us on Monday.")
        page.get_by_role("button", name="Lift").click()
        page.get_by_text("Messages go there again").wait_for()
    assert reasons(api) == [(BOB, "bounced")]
