"""Is a Stripe key taken only after Stripe has said whose it is?"""

import json

import pytest

from core.errors import InvalidInputError, ProviderError
from core.settings import Settings
from linking.flow import CredentialsRefusedError, Linked
from linking.stripe import FLOW
from tests.pipelines.fake_stripe import serving

ACCOUNT = {
    "id": "acct_7", "email": "a@b.c",
    "settings": {"dashboard": {"display_name": "Northwind"}},
}  # fmt: skip


def stripe(account):
    """Serve an account to whoever has its key."""

    def answer(path, _query, request):
        if request.headers["Authorization"] != "Bearer sk_test_1":
            return 401, {}, b'{"error": {"message": "Invalid API Key provided: rk_****"}}'
        return (200, {}, json.dumps(account).encode()) if path == "/v1/account" else (404, {}, b"")

    return serving(answer)


def verify(key, url):
    return FLOW.verify(Settings(stripe_api_url=url), {"api_key": key}, "")


def test_a_key_is_verified_by_the_account_that_it_opens():
    with stripe(ACCOUNT) as url:
        assert verify("sk_test_1", url) == Linked(
            {"api_key": "sk_test_1"}, "acct_7", "Northwind", url
        )
        with pytest.raises(CredentialsRefusedError):
            verify("rk_live_other", url)


@pytest.mark.parametrize("key", ["pk_test_1", "", "whsec_1"])
def test_what_is_no_key_for_reading_is_refused_without_asking(key):
    with pytest.raises(CredentialsRefusedError):
        verify(key, "http://127.0.0.1:1")


@pytest.mark.parametrize(
    ("account", "name"),
    [
        ({"id": "acct_1"}, "acct_1"), ({"id": "acct_1", "email": "a@b.c"}, "a@b.c"),
        ({"id": "acct_1", "business_profile": {"name": "Ours"}, "settings": None}, "Ours"),
    ],
)  # fmt: skip
def test_a_name_is_found(account, name):
    with stripe(account) as url:
        assert verify("sk_test_1", url).name == name


def test_where_nobody_answers_the_error_says_what_to_look_at():
    with pytest.raises(ProviderError) as raised:
        verify("sk_test_1", "http://127.0.0.1:1")
    assert "OPPULENCE_STRIPE_API_URL" in raised.value.next_step


def test_there_is_no_consent_page():
    with pytest.raises(InvalidInputError):
        FLOW.finish(Settings(), {}, {})
