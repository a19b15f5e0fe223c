"""The measures say what a hand calculation says, and the examples in the docstrings run."""

import doctest
import importlib
import pkgutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ml
from ml.ledger_account.calibration import calibrate
from ml.metrics import (
    coverage_at_precision,
    expected_calibration_error,
    macro_f1,
    reliability,
    threshold_for_precision,
)
from ml.reliability_plot import reliability_svg

MODULES = [
    found.name
    for found in pkgutil.walk_packages(ml.__path__, "ml.")
    if not found.name.endswith("__main__")
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_docstrings_are_true(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_calibration_error_of_a_hand_computed_case():
    # Two bands of two: said 0.9 and right half, said 0.3 and never right: (0.4 * 2 + 0.3 * 2) / 4.
    confidence = np.array([0.9, 0.9, 0.3, 0.3])
    correct = np.array([True, False, False, False])
    assert expected_calibration_error(confidence, correct, bins=2) == pytest.approx(0.35)


def test_macro_f1_of_a_hand_computed_case():
    # a: 1 hit of 2 true, 1 said: 2/3. b: 1 hit of 1 true, 2 said: 2/3. c is never true.
    assert macro_f1(np.array(["a", "a", "b"]), np.array(["a", "b", "b"])) == pytest.approx(2 / 3)


def test_a_threshold_never_cuts_between_equal_confidences():
    confidence = np.array([0.8, 0.8, 0.8, 0.8])
    correct = np.array([True, True, True, False])
    assert coverage_at_precision(confidence, correct, 0.9) == 0
    assert threshold_for_precision(confidence, correct, 0.9) == float("inf")
    assert threshold_for_precision(confidence, correct, 0.75) == 0.8


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_above_the_threshold_the_promise_is_kept(pairs):
    confidence = np.array([pair[0] for pair in pairs])
    correct = np.array([pair[1] for pair in pairs])
    chosen = confidence >= threshold_for_precision(confidence, correct, 0.9)
    if chosen.any():
        assert correct[chosen].mean() >= 0.9
    assert chosen.mean() == pytest.approx(coverage_at_precision(confidence, correct, 0.9))
    assert sum(band.rows for band in reliability(confidence, correct)) == len(pairs)


def test_overconfident_scores_are_brought_down():
    draw = np.random.default_rng(3)
    truth = draw.uniform(0.05, 0.95, 4000)
    correct = draw.uniform(size=4000) < truth
    log_odds = 2 * np.log(truth / (1 - truth)) + 0.5
    boastful = 1 / (1 + np.exp(-log_odds))
    fitted = calibrate(boastful, correct)
    assert fitted.slope == pytest.approx(0.5, abs=0.05)
    assert fitted.offset == pytest.approx(-0.25, abs=0.1)
    assert expected_calibration_error(fitted.apply(boastful), correct) < 0.03


def test_a_title_cannot_break_the_plot():
    assert "<b>" not in reliability_svg([], "<b> & co")
