"""The API of messages: own words are checked, kept and dropped; the look; who is left alone."""

import pytest

from recovery.messages.facts import EXAMPLE
from recovery.messages.templates import LANGUAGES, Purpose, Tone, library
from recovery.messaging import address_hash
from recovery.payer.wording import words_of
from recovery.tone.readability import reading_grade

PATH = "/v1/recovery/templates/reminder/en/neutral"
WORDS = words_of(library(Purpose.REMINDER, "en", Tone.NEUTRAL))


@pytest.fixture
def send(workspace):
    def request(method, path, body=None, **headers):
        options = {"headers": workspace.headers() | headers}
        if body is not None:
            options["json"] = body
        return workspace.api.request(method, path, **options)

    return request


def test_own_words_are_used_until_they_are_dropped(send) -> None:
    own = {**WORDS, "subject": "A word about {{ amount }}"}
    saved = send("PUT", PATH, own)
    assert (saved.status_code, saved.json()["is_own"]) == (200, True)
    assert send("GET", PATH).json()["subject"] == "A word about {{ amount }}"
    listed = send("GET", "/v1/recovery/templates?language=en").json()["data"]
    assert len(listed) == len(Purpose) * len(Tone)
    assert [one["purpose"] for one in listed if one["is_own"]] == ["reminder"]
    for _ in range(2):
        assert send("DELETE", PATH).status_code == 204
    assert send("GET", PATH).json() == {
        "purpose": "reminder", "language": "en", "tone": "neutral", "is_own": False, **WORDS,
    }  # fmt: skip
    log = send("GET", "/v1/audit_log").json()["data"]
    assert [one["action"] for one in log][:2] == [
        "recovery_template.forgotten", "recovery_template.saved",
    ]  # fmt: skip


def test_words_that_must_not_be_said_are_not_kept(send) -> None:
    refused = send("PUT", PATH, {**WORDS, "subject": "Final warning: we will take legal action"})
    assert refused.status_code == 409
    problem = refused.json()
    assert problem["code"] == "template_faulty"
    assert "subject “Final warning”: It threatens" in problem["detail"]
    assert "subject “legal action”: It claims something legal" in problem["detail"]
    assert send("GET", PATH).json()["is_own"] is False


def test_words_can_be_checked_and_seen_before(send) -> None:
    asked = {"purpose": "reminder", "language": "en", "tone": "neutral", **WORDS}
    fine = send("POST", "/v1/recovery/template_checks", asked).json()
    assert (fine["may_be_published"], fine["findings"]) == (True, [])
    assert fine["subject"] == "Reminder: €49.00 is open"
    assert "<!doctype html>" in fine["html"]
    assert fine["body"] == fine["text"].replace(EXAMPLE.pay_url, "")
    assert (fine["reading_grade"], fine["highest_grade"]) == (reading_grade(fine["body"]), 9)
    threat = {**asked, "paragraphs": [*WORDS["paragraphs"], "Pay, or we will sue. Thank you."]}
    told = send("POST", "/v1/recovery/template_checks", threat).json()
    placed = [one for one in told["findings"] if one["excerpt"]]
    assert placed
    for one in placed:
        assert told[one["part"]][one["start"] : one["end"]] == one["excerpt"]
    words = {**asked, "paragraphs": [*WORDS["paragraphs"][:2], "{{ total }}", "Bye"]}
    broken = send("POST", "/v1/recovery/template_checks", words).json()
    assert broken["may_be_published"] is False
    assert [(one["check"], one["part"], one["reason"]) for one in broken["findings"]] == [
        ("broken_variable", "paragraph 3", "paragraph 3: there is no variable total")
    ]
    assert broken["text"] == ""


def test_the_library_is_whole(send) -> None:
    listed = send("GET", "/v1/recovery/templates").json()["data"]
    assert len(listed) == len(Purpose) * len(Tone) * len(LANGUAGES)


def test_a_look_is_kept_and_shows_in_previews(send, workspace) -> None:
    assert send("GET", "/v1/recovery/brand").json()["support_email"] == "oppulence@localhost"
    look = {
        "company_name": "Northwind & Söhne", "support_email": "pay@northwind.example",
        "colour": "#ffd400", "logo_url": "", "postal_address": "Hafenstraße 1",
    }  # fmt: skip
    assert send("PUT", "/v1/recovery/brand", look).json() == look
    assert send("GET", "/v1/recovery/brand").json() == look
    asked = {"purpose": "reminder", "language": "en", "tone": "neutral", **WORDS}
    html = send("POST", "/v1/recovery/template_checks", asked).json()["html"]
    assert "#ffd400" in html
    assert "Northwind &amp; Söhne" in html
    bad = send("PUT", "/v1/recovery/brand", {**look, "colour": "red;}"})
    assert bad.status_code == 422


def test_an_address_is_left_alone_and_released(send) -> None:
    asked = {"address": "Ada@Example.com", "reason": "complained"}
    made = send("POST", "/v1/recovery/suppressions", asked, **{"Idempotency-Key": "k1"})
    assert made.status_code == 201
    name = address_hash("ada@example.com")
    assert made.json()["address_hash"] == name
    listed = send("GET", "/v1/recovery/suppressions").json()["data"]
    assert [(one["address_hash"], one["reason"]) for one in listed] == [(name, "complained")]
    path = f"/v1/recovery/suppressions/email/{name}"
    assert [send("DELETE", path).status_code for _ in range(2)] == [204, 404]
    assert send("GET", "/v1/recovery/suppressions").json()["data"] == []
