"""Own examples, four languages: what is wrong is stopped for what it says, what is fine passes."""

import re
from pathlib import Path

import pytest

from recovery.messages.templates import LANGUAGES
from recovery.tone.checking import check_text
from recovery.tone.findings import Check, Finding
from recovery.tone.measuring import JUDGED, Labelled, read_labelled
from recovery.tone.rules import rules_of

EXAMPLES = read_labelled(Path(__file__).parent / "labelled.csv")


def findings(text: str, language: str) -> list[Finding]:
    return [found for found in check_text({"body": text}, language) if found.is_blocking]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.text[:40])
def test_an_example_is_stopped_exactly_if_it_is_labelled(example: Labelled) -> None:
    found = findings(example.text, example.language)
    assert bool(found) == bool(example.labels)
    for finding in found:
        assert finding.excerpt == example.text[finding.start : finding.end] != ""
        assert finding.suggestion


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_check_has_examples_in_every_language(language: str) -> None:
    ours = [example for example in EXAMPLES if example.language == language]
    assert len(ours) >= 30
    assert sum(not example.labels for example in ours) >= 10
    for check in JUDGED:
        assert sum(check in example.labels for example in ours) >= 5


@pytest.mark.parametrize(
    ("language", "denied", "meant"),
    [
        ("en", "We will not take legal action.", "If you do not pay, we take legal action."),
        ("en", "No fees, courts or lawyers.", "No payment came, so our lawyers take over."),
        ("de", "Wir schalten keinen Anwalt ein.", "Ohne Zahlung schalten wir den Anwalt ein."),
        ("fr", "Sans frais de retard ni huissier.", "Sans paiement, notre huissier viendra."),
        ("es", "No habrá demanda ni abogados.", "Si no paga, habrá demanda y abogados."),
    ],
)
def test_a_denial_of_payment_denies_nothing_else(language: str, denied: str, meant: str) -> None:
    assert findings(denied, language) == []
    assert Check.LEGAL_CLAIM in {found.check for found in findings(meant, language)}


def test_a_quoted_title_is_a_name_and_a_quoted_threat_is_none() -> None:
    assert findings("Your ticket for “Debt Collectors Live” is open.", "en") == []
    assert findings("We have “debt collectors” for this.", "en") != []


def test_an_amount_or_a_date_ends_no_sentence() -> None:
    german = "Am 3. Juni wird über 49.00 Euro Klage erhoben."
    assert {found.check for found in findings(german, "de")} == {Check.LEGAL_CLAIM}
    [found] = findings("A petition over 900.00 USD was filed.", "en")
    assert found.excerpt == "petition over 900.00 USD was filed"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_list_is_used(language: str) -> None:
    text = (Path("recovery/tone/rules") / f"{language}.toml").read_text(encoding="utf-8")
    listed = re.search(r"\[words\]\n(.*?)\n\n", text, re.DOTALL)
    assert listed
    for line in listed[1].splitlines():
        assert f"{{{line.split(' = ')[0]}}}" in text


def test_a_language_without_rules_is_judged_by_those_of_english() -> None:
    assert rules_of("xx") == rules_of("en")
