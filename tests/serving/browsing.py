"""A merchant's browser: the machine's own Chromium, signed in, and quiet in its console."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.serving.merchant import Merchant

_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, _NAMES)), "")
needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium on this machine")
SECONDS = 20


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start it. One at a time in a thread: a fixture of a module, not of the session."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield started
        started.close()


def is_complaint(said: ConsoleMessage) -> bool:
    """Say whether the console complains; a refusal that the page shows is told there as well."""
    return said.type in ("error", "warning") and "status of 409" not in said.text


def axe_complaints(page: Page) -> list[str]:
    """Return what axe finds wrong with a page."""
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    return [found.generate_report()] if found.violations_count else []


@contextmanager
def signed_in(browser: Browser, merchant: Merchant, **options: object) -> Iterator[Page]:
    """Open a page of a merchant's; what its console complains of, or a script throws, fails."""
    address = merchant.visitor.url
    context = browser.new_context(  # type: ignore[arg-type]
        **{"viewport": {"width": 1440, "height": 900}, "base_url": address, **options}
    )
    context.set_default_timeout(1000 * SECONDS)
    expect.set_options(timeout=1000 * SECONDS)
    context.add_cookies(
        [
            {"name": cookie.name, "value": str(cookie.value), "url": address}
            for cookie in merchant.visitor.http.cookies.jar
        ]
    )
    opened, complaints = context.new_page(), []
    opened.on("console", lambda said: complaints.append(said.text) if is_complaint(said) else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert not complaints, complaints
