"""Which company do these tests reconcile? One of 600 payouts, made once."""

import pytest

from benchmarks.reconciliation import UNTIL
from sandbox.company.synthetic import company_of
from sandbox.world import World


@pytest.fixture(scope="session")
def world() -> World:
    """A company's banks and books with every kind of fault in them."""
    return World(company_of(31, 600, UNTIL))
