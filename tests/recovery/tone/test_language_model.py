"""Is a language model asked for nothing but words, and believed nothing? Against the sandbox's."""

import json
from dataclasses import replace

import httpx
import pytest
from pydantic import SecretStr

from core.settings import Settings
from recovery.messages.facts import EXAMPLE
from recovery.messages.templates import Purpose, Tone, library
from recovery.payer.wording import words_of
from recovery.tone.checking import check_template
from recovery.tone.language_model import LanguageModel, LanguageModelError
from sandbox.language_model import API_KEY, EXTRA, MODEL
from sandbox.process import RunningSandbox

BEFORE = library(Purpose.REMINDER, "en", Tone.NEUTRAL)


@pytest.fixture
def model(stripe_sandbox: RunningSandbox) -> LanguageModel:
    return LanguageModel(f"{stripe_sandbox.url}/language_model/v1", MODEL, API_KEY, 60.0)


@pytest.fixture
def spoil(stripe_sandbox: RunningSandbox):
    def add(kind: str, **rule: object) -> None:
        wanted = {"kind": kind, "path": "^/language_model", "next": 1, **rule}
        httpx.post(f"{stripe_sandbox.url}/_sandbox/faults", json=wanted).raise_for_status()

    return add


def test_it_is_off_until_an_address_and_a_model_are_set() -> None:
    assert LanguageModel.of(Settings()) is None
    assert LanguageModel.of(Settings(language_model_url="http://127.0.0.1:1/v1")) is None
    assert LanguageModel.of(Settings(language_model_name="gpt")) is None
    plugged = Settings(
        language_model_url="http://127.0.0.1:1/v1/", language_model_name="gpt",
        language_model_key=SecretStr("sk-1"), language_model_seconds=3,
    )  # fmt: skip
    assert LanguageModel.of(plugged) == LanguageModel("http://127.0.0.1:1/v1", "gpt", "sk-1", 3.0)
    assert "sk-1" not in repr(LanguageModel.of(plugged))


def test_it_is_sent_the_words_and_nothing_else(model: LanguageModel, stripe_sandbox) -> None:
    said = model.rewritten(BEFORE, Tone.FRIENDLY)
    first, second, *rest = BEFORE.paragraphs
    assert said == replace(BEFORE, paragraphs=(first, f"{second} {EXTRA}", *rest))
    asked = stripe_sandbox.data / "language_model" / "asked.jsonl"
    sent = json.loads(asked.read_bytes().splitlines()[-1])
    assert json.loads(sent["messages"][-1]["content"]) == {
        "language": "en", "voice": "friendly: warm and short, at most one exclamation mark",
        "template": words_of(BEFORE),
    }  # fmt: skip
    assert (set(sent), sent["model"]) == ({"model", "messages", "response_format"}, MODEL)
    for known in (EXAMPLE.customer_name, EXAMPLE.company_name, EXAMPLE.support_email, "49", "EUR"):
        assert known not in sent["messages"][-1]["content"]


@pytest.mark.parametrize(
    ("kind", "rules"),
    [
        ("threatens", {"legal_claim_wording", "threat_wording"}),
        ("hurries", {"threat_wording"}),
        ("drops_variable", {"amount_missing", "sms_amount_missing"}),
        ("invents_variable", {"unknown_variable"}),
        ("fences", set()),
    ],
)
def test_what_it_says_goes_through_the_same_checks(model, spoil, kind, rules) -> None:
    spoil(kind)
    found = check_template(model.rewritten(BEFORE, Tone.FIRM))
    assert {one.rule for one in found if one.is_blocking} <= rules
    assert any(one.is_blocking for one in found) is bool(rules)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("talks", "does not have the parts"),
        ("forgets_part", "does not have the parts"),
        ("rambles", "longer than a message's"),
        ("empties", "without a text"),
        ("redirects", "It answered 307"),
        ("rate_limit", "is busy"),
        ("error", "It answered 500"),
        ("cut", "cannot be reached"),
    ],
)
def test_an_answer_that_is_none_is_told_as_what_it_is(model, spoil, kind, told) -> None:
    spoil(kind)
    with pytest.raises(LanguageModelError, match=told):
        model.rewritten(BEFORE, Tone.FIRM)


def test_a_key_or_a_model_that_is_wrong_and_nobody_there_are_told_apart(model, spoil) -> None:
    for changes, told in (
        ({"key": "sk-wrong"}, "refuses the key"),
        ({"name": "gpt-0"}, "does not know the model"),
        ({"url": "http://127.0.0.1:9/v1"}, "cannot be reached"),
    ):
        with pytest.raises(LanguageModelError, match=told) as raised:
            replace(model, **changes).rewritten(BEFORE, Tone.FIRM)
        assert "sk-wrong" not in str(raised.value)
    spoil("timeout", seconds=2)
    with pytest.raises(LanguageModelError, match=r"within 0\.5 seconds"):
        replace(model, seconds=0.5).rewritten(BEFORE, Tone.FIRM)
