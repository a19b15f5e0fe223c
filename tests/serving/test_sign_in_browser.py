"""Do the pages work in a real browser: cookies, redirects, forms, focus, nothing that CSP refuses?

Chromium is the machine's own, driven by Playwright. Without one these tests are skipped;
tests/serving/test_sign_in.py and test_oidc.py go the same ways over plain HTTP everywhere.
"""

import re
import shutil

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.serving.visitor import new_address

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), "")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium on this machine")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip
NARROW = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser):
    """A page of a fresh browser; whatever its console complains of fails the test."""
    context = browser.new_context(viewport=NARROW)
    context.set_default_timeout(60_000)
    opened, complaints = context.new_page(), []
    opened.on(
        "console",
        lambda said: complaints.append(said.text) if is_complaint(said) else None,
    )
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert complaints == []


def is_complaint(said: ConsoleMessage) -> bool:
    """Say whether the console complains; a refusal that the page shows is told there as well."""
    return said.type in ("error", "warning") and "status of 422" not in said.text


def fits(page: Page) -> bool:
    """Say whether nothing sticks out of a narrow screen."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def code_for(mailbox, email: str) -> str:
    found = re.search(r"Your code is (\d{6})\n", mailbox.newest(email))
    assert found is not None
    return found[1]


def test_a_person_signs_in_with_a_code_makes_a_key_and_leaves(page, api_url, mailbox, warehouse):
    email = new_address()
    page.goto(f"{api_url}/workspaces")
    expect(page).to_have_title("Sign in · Oppulence")
    expect(page.get_by_label("Email address")).to_be_focused()
    page.keyboard.type(email)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Code")).to_be_focused()
    page.keyboard.type("12")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("That is not the code. 4 tries left.")
    code = code_for(mailbox, email)
    page.get_by_label("Code").fill(f"{code[:3]} {code[3:]}")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose a workspace")
    assert fits(page)
    page.get_by_role("link", name="'s workspace").click()
    assert fits(page)
    page.get_by_label("What is it for?").fill("dashboard")
    page.get_by_role("button", name="Create key").click()
    shown = page.get_by_role("status")
    expect(shown).to_contain_text("Copy “dashboard” now. It is not shown again.")
    key = re.search(r"opk_live_[0-9a-z]{32}", shown.inner_text())
    assert key is not None
    assert fits(page)
    workspace = page.url.split("/workspaces/")[1].split("/")[0]
    headers = {"Authorization": f"Bearer {key[0]}", "X-Workspace-Id": workspace}
    asked = page.request.get(f"{api_url}/v1/whoami", headers=headers)
    assert asked.json()["key_name"] == "dashboard"
    # The session's cookie is out of reach of scripts, the CSRF token within.
    assert page.evaluate("document.cookie").startswith("oppulence_csrf=")
    assert "oppulence_session" not in page.evaluate("document.cookie")
    page.get_by_role("button", name="Revoke dashboard").click()
    expect(page.get_by_role("row", name="dashboard")).to_contain_text("revoked")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_have_text("You are signed out.")
    page.goto(f"{api_url}/workspaces/{workspace}")
    expect(page).to_have_title("Sign in · Oppulence")


def test_an_invited_person_joins_by_single_sign_on(page, oidc_url, mailbox, workspace):
    email = new_address()
    workspace.api.post("/v1/invitations", json={"email": email}, headers=workspace.headers())
    link = re.search(r"http://[^/]+(/invitation\?token=\S+)", mailbox.newest(email))
    assert link is not None
    page.goto(oidc_url + link[1])
    assert page.url == f"{oidc_url}/invitation"
    expect(page.get_by_role("heading", level=1)).to_have_text("Join A test")
    assert fits(page)
    page.get_by_role("link", name="Continue with single sign-on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sandbox sign-in")
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Name").fill("Ada Lovelace")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Join A test")
    page.get_by_role("button", name="Join workspace").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("A test")
    expect(page.get_by_role("row", name=email)).to_contain_text("active")
    assert page.url == f"{oidc_url}/workspaces/{workspace.tenant}"


def test_another_sites_form_changes_nothing(browser, page, api_url, mailbox, warehouse):
    email = new_address()
    page.goto(f"{api_url}/sign_in")
    page.get_by_label("Email address").fill(email)
    page.get_by_role("button").click()
    page.get_by_label("Code").fill(code_for(mailbox, email))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose a workspace")
    # localhost is another site than 127.0.0.1; its page posts to ours, cookies and all.
    evil = page.context.new_page()
    evil.route(
        "http://localhost:1/",
        lambda route: route.fulfill(
            content_type="text/html",
            body=f'<form method="post" action="{api_url}/sign_out/everywhere"><button>x</button>',
        ),
    )
    evil.goto("http://localhost:1/")
    evil.get_by_role("button").click()
    expect(evil.get_by_role("heading", level=1)).to_have_text(
        "The request did not come from our own page"
    )
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose a workspace")
