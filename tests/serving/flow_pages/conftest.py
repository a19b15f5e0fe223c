"""Who sits at the canvas? A merchant, signed in to a browser of the module's."""

import pytest
from playwright.sync_api import Browser

from tests.serving.browsing import chromium, signed_in
from tests.serving.merchant import Merchant


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def merchant(api_url, mailbox, database, engines):
    arrived = Merchant.arrive(api_url, mailbox, database, engines)
    yield arrived
    arrived.close()


@pytest.fixture
def page(browser: Browser, merchant: Merchant):
    with signed_in(browser, merchant) as opened:
        yield opened
