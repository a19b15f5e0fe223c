"""Credentials open with the right key for the right row, and with nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigurationError
from core.secrets import SecretBox, SecretUnreadableError, generate_key

OLD, NEW = generate_key(), generate_key()


@given(st.text(), st.text())
def test_a_secret_comes_back_for_its_own_context(secret, context):
    box = SecretBox.from_keys(NEW)
    assert box.open(box.seal(secret, context=context), context=context) == secret


def test_a_ciphertext_copied_to_another_row_does_not_open():
    box = SecretBox.from_keys(NEW)
    sealed = box.seal("sk_test_1", context="ws_a|conn_1")
    with pytest.raises(SecretUnreadableError):
        box.open(sealed, context="ws_b|conn_1")


def test_keys_rotate_without_losing_a_secret():
    sealed = SecretBox.from_keys(OLD).seal("sk_test_1", context="row")
    both = SecretBox.from_keys(f"{NEW}, {OLD}")
    assert both.open(sealed, context="row") == "sk_test_1"
    moved = both.rotate(sealed)
    assert SecretBox.from_keys(NEW).open(moved, context="row") == "sk_test_1"
    with pytest.raises(SecretUnreadableError):
        SecretBox.from_keys(OLD).open(moved, context="row")


def test_an_altered_ciphertext_does_not_open():
    box = SecretBox.from_keys(NEW)
    sealed = box.seal("sk_test_1", context="row")
    flipped = sealed[:40] + ("A" if sealed[40] != "A" else "B") + sealed[41:]
    with pytest.raises(SecretUnreadableError):
        box.open(flipped, context="row")


@pytest.mark.parametrize("keys", ["", " , ", "short", "é" * 32, generate_key()[:-2]])
def test_keys_that_are_no_keys_are_refused(keys):
    with pytest.raises(ConfigurationError):
        SecretBox.from_keys(keys)


def test_a_box_shows_no_key():
    assert OLD not in repr(SecretBox.from_keys(OLD))
