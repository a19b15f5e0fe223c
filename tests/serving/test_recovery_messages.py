"""The API of messages: the look, and who is left alone."""

import pytest

from recovery.messages.templates import Purpose, Tone, library
from recovery.messaging import address_hash
from recovery.payer.wording import words_of

WORDS = words_of(library(Purpose.REMINDER, "en", Tone.NEUTRAL))


@pytest.fixture
def send(workspace):
    def request(method, path, body=None, **headers):
        options = {"headers": workspace.headers() | headers}
        if body is not None:
            options["json"] = body
        return workspace.api.request(method, path, **options)

    return request


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
