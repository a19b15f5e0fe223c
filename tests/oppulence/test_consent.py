"""Does a consent that is given in a browser come back to the terminal, and only the right one?"""

import threading
from collections.abc import Mapping
from datetime import timedelta

import httpx
import pytest

from core.clock import utc_now
from core.errors import InvalidInputError
from core.settings import Settings
from linking.flow import Linked, LinkRequest, LinkStart
from local.ports import free_port
from oppulence.consent import given_consent


class Bank:
    """A provider whose page sends the browser straight back, with what `answers` says."""

    provider = "bank"
    credential_fields: Mapping[str, str] = {}
    choice_fields: Mapping[str, str] = {"country": "Where"}
    has_consent = True
    has_widget = True

    def __init__(self, *answers: Mapping[str, str], minutes: float = 1, url: str = "x") -> None:
        self.answers, self.minutes, self.url = answers, minutes, url
        self.seen: list[int] = []
        self.browser: threading.Thread | None = None

    def start(self, settings: Settings, request: LinkRequest) -> LinkStart:
        def browse() -> None:
            for answer in self.answers:
                full = {"state": request.state, **answer}
                self.seen.append(httpx.get(request.redirect_url, params=full).status_code)

        self.browser = threading.Thread(target=browse)
        self.browser.start()
        ends = utc_now() + timedelta(minutes=self.minutes)
        return LinkStart(expires_at=ends, url=self.url, kept={"verifier": "v1"})

    def finish(
        self, settings: Settings, kept: Mapping[str, str], answer: Mapping[str, str]
    ) -> Linked:
        code = f"{kept['verifier']} {answer['code']}"
        return Linked(credentials={"token": code}, account_id="a1", name="Bank", api_url="u")

    def verify(self, settings: Settings, credentials: Mapping[str, str], api_url: str) -> Linked:
        raise AssertionError("nothing to verify")

    def revoke(self, settings: Settings, credentials: Mapping[str, str], api_url: str) -> None:
        raise AssertionError("nothing to revoke")


def consent(bank: Bank, choice: Mapping[str, str] | None = None) -> Linked | None:
    return given_consent(
        bank, Settings(), user_id="ws_a", choice=choice or {},
        redirect_url=f"http://127.0.0.1:{free_port()}/callback",
    )  # fmt: skip


def test_the_browser_s_answer_finishes_the_consent() -> None:
    bank = Bank({"code": "c7"})
    assert consent(bank) == Linked({"token": "v1 c7"}, "a1", "Bank", "u")
    assert bank.browser is not None
    bank.browser.join()
    assert bank.seen == [200]


def test_a_visit_with_another_s_state_is_not_taken() -> None:
    bank = Bank({"code": "stolen", "state": "guessed"}, {"code": "c8"})
    assert consent(bank) == Linked({"token": "v1 c8"}, "a1", "Bank", "u")
    assert bank.browser is not None
    bank.browser.join()
    assert bank.seen == [404, 200]


def test_nobody_coming_back_is_said() -> None:
    with pytest.raises(InvalidInputError, match="Nobody came back"):
        consent(Bank(minutes=0.001))


def test_a_choice_that_the_provider_does_not_have_is_refused_before_anything_opens() -> None:
    bank = Bank({"code": "c7"})
    with pytest.raises(InvalidInputError, match="bank has no choice colour") as caught:
        consent(bank, {"colour": "red"})
    assert caught.value.next_step == "Those there are: country."
    assert bank.browser is None


def test_a_provider_with_only_a_widget_has_no_page() -> None:
    assert consent(Bank(url="")) is None
