"""Is a consent given, named, renewed and ended as GoCardless and Enable Banking do it?"""

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from core.clock import utc_now
from core.errors import InvalidInputError
from core.settings import Settings
from linking.account_identity import account_key
from linking.enablebanking import FLOW as ENABLE
from linking.flow import CredentialsRefusedError, Flow, LinkRequest, NotConfiguredError
from linking.gocardless import FLOW as GOCARDLESS
from linking.gocardless_token import application_token
from tests.european_banks import (
    AMSTEL,
    CALLBACK,
    HANSA,
    HANSA_AT_ENABLE,
    KARTEN,
    EuropeanBanks,
)

pytestmark = pytest.mark.usefixtures("banks_clock")

HANSA_IBANS = ("DE11200411770532013000", "DE10200411770532013018", "DE97200411770532013392")
CARD = account_key("DE33500319090000774411")


def test_a_requisition_names_its_bank_its_accounts_and_its_end(
    european_banks: EuropeanBanks,
) -> None:
    linked = european_banks.link(GOCARDLESS, HANSA)
    keys = sorted(map(account_key, HANSA_IBANS))
    assert linked.account_id == f"HANSA_HANDELSBANK_HNSADEHH:{keys[0]}"
    assert linked.name == "Hansa Handelsbank …3018, …3000, …3392"
    assert linked.api_url == f"{european_banks.sandbox.url}/gocardless"
    assert linked.expires_at is not None
    assert abs(linked.expires_at - utc_now() - timedelta(days=180)) < timedelta(minutes=5)
    assert linked.credentials["accounts"].split() == keys
    assert set(linked.credentials) == {"requisition_id", "agreement_id", "linked_as", "accounts"}


def test_a_session_names_its_bank_its_accounts_and_its_end(european_banks: EuropeanBanks) -> None:
    linked = european_banks.link(ENABLE, AMSTEL)
    assert linked.account_id.startswith("Amstel Bank, NL:")
    assert linked.name == "Amstel Bank"
    assert linked.expires_at is not None
    assert abs(linked.expires_at - utc_now() - timedelta(days=180)) < timedelta(minutes=15)
    assert len(linked.credentials["accounts"].split()) == 2
    assert set(linked.credentials) == {"session_id", "linked_as", "accounts"}


@pytest.mark.parametrize(
    ("flow", "bank", "other"),
    [(GOCARDLESS, HANSA, KARTEN), (ENABLE, AMSTEL, HANSA_AT_ENABLE)],
)
def test_a_renewed_consent_is_the_same_connection_and_another_bank_is_not(
    european_banks: EuropeanBanks, flow: Flow, bank: dict[str, str], other: dict[str, str]
) -> None:
    first = european_banks.link(flow, bank)
    renewed = european_banks.link(flow, bank, renews=first.credentials)
    assert renewed.account_id == first.account_id
    assert dict(renewed.credentials) != dict(first.credentials)
    assert european_banks.link(flow, other, renews=first.credentials).account_id != first.account_id


def test_a_renewed_consent_keeps_its_name_when_accounts_are_added_or_left_out() -> None:
    from linking.account_identity import linked_as

    before = linked_as("BANK", ["b", "c"], None)
    assert before == {"linked_as": "BANK:b", "accounts": "b c"}
    assert linked_as("BANK", ["a", "c"], before) == {"linked_as": "BANK:b", "accounts": "a c"}
    assert linked_as("BANK", ["a"], before) == {"linked_as": "BANK:a", "accounts": "a"}


def test_an_account_is_known_by_its_number_and_currency() -> None:
    assert account_key("DE33 5003 1909 0000 7744 11") == account_key("de33500319090000774411")
    assert account_key("DE33500319090000774411", "eur") == f"{CARD}.EUR"
    assert account_key("DE33500319090000774411", "USD") != f"{CARD}.EUR"


@pytest.mark.parametrize(
    ("flow", "bank", "words"),
    [
        (GOCARDLESS, HANSA, "User cancelled the session."),
        (ENABLE, AMSTEL, "The bank's page ended with: Denied by the user."),
    ],
)
def test_a_declined_consent_says_so_in_the_providers_words(
    european_banks: EuropeanBanks, flow: Flow, bank: dict[str, str], words: str
) -> None:
    with pytest.raises(CredentialsRefusedError) as refused:
        european_banks.link(flow, bank, more="decline")
    assert refused.value.detail == words


def test_a_requisition_that_nobody_opened_is_no_consent(european_banks: EuropeanBanks) -> None:
    settings = european_banks.configure(Settings())
    request = LinkRequest(CALLBACK, "state_unopened", "ws_test", HANSA)
    started = GOCARDLESS.start(settings, request)
    with pytest.raises(CredentialsRefusedError, match="The consent was not opened"):
        GOCARDLESS.finish(settings, started.kept, {"ref": "state_unopened"})


def test_a_code_is_good_once(european_banks: EuropeanBanks) -> None:
    settings = european_banks.configure(Settings())
    with pytest.raises(CredentialsRefusedError, match="Wrong authorization code provided"):
        ENABLE.finish(settings, {}, {"code": "spent", "state": "any"})


@pytest.mark.parametrize(("flow", "bank"), [(GOCARDLESS, KARTEN), (ENABLE, AMSTEL)])
def test_a_revoked_consent_is_gone_and_revoking_it_again_is_no_error(
    european_banks: EuropeanBanks, flow: Flow, bank: dict[str, str]
) -> None:
    settings = european_banks.configure(Settings())
    linked = european_banks.link(flow, bank)
    assert flow.verify(settings, linked.credentials, "").account_id == linked.account_id
    flow.revoke(settings, linked.credentials, "")
    flow.revoke(settings, linked.credentials, "")
    with pytest.raises(CredentialsRefusedError):
        flow.verify(settings, linked.credentials, "")


def test_what_can_be_chosen_is_listed_by_country(european_banks: EuropeanBanks) -> None:
    settings = european_banks.configure(Settings())
    assert [bank.id for bank in GOCARDLESS.institutions(settings, "de")] == [
        HANSA["institution_id"],
        KARTEN["institution_id"],
    ]
    assert [bank.name for bank in ENABLE.banks(settings, "nl")] == ["Amstel Bank"]
    for flow, country, known in (
        (GOCARDLESS, {}, "Choose a country to see its banks, then an institution_id."),
        (GOCARDLESS, {"country": "de"},
         "Choose an institution_id: HANSA_HANDELSBANK_HNSADEHH, KARTEN_DIREKT_KADIDE3B."),
        (ENABLE, {}, "Choose a country to see its banks, then an aspsp."),
        (ENABLE, {"country": "nl"}, "Choose an aspsp: Amstel Bank."),
    ):  # fmt: skip
        with pytest.raises(InvalidInputError) as unsaid:
            flow.start(settings, LinkRequest(CALLBACK, "state_none", "ws_test", country))
        assert unsaid.value.next_step == known
    unknown = {"aspsp": "No Bank", "country": "NL"}
    with pytest.raises(InvalidInputError, match="has no bank 'No Bank' in NL"):
        ENABLE.start(settings, LinkRequest(CALLBACK, "state_none", "ws_test", unknown))


def test_one_token_serves_everybody_until_it_is_refused(european_banks: EuropeanBanks) -> None:
    settings = european_banks.configure(Settings())
    keeper = application_token(settings)
    first = keeper.current()
    assert application_token(settings).current() == first
    second = keeper.current(spent=first)
    assert second != first
    assert keeper.current(spent=first) == second


def test_applications_that_are_unknown_or_missing_are_told_apart(
    european_banks: EuropeanBanks, tmp_path: Path
) -> None:
    for flow in (GOCARDLESS, ENABLE):
        with pytest.raises(NotConfiguredError):
            flow.start(Settings(), LinkRequest(CALLBACK, "state_none", "ws_test", HANSA | AMSTEL))
    settings = european_banks.configure(Settings())
    unknown = settings.model_copy(update={"gocardless_secret_id": "nobody"})
    with pytest.raises(CredentialsRefusedError, match="No active account found"):
        GOCARDLESS.institutions(unknown, "de")
    file = tmp_path / "other.pem"
    key = generate_private_key(public_exponent=65_537, key_size=2_048)
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    forged = settings.model_copy(update={"enablebanking_private_key_file": file})
    with pytest.raises(CredentialsRefusedError, match="Unauthorized access"):
        ENABLE.banks(forged, "nl")
