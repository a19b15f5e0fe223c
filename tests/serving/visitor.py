"""How does a test use the pages as a browser would? It keeps cookies, and fills in forms."""

import re
import secrets

import httpx

from tests.mailbox import Mailbox

CSRF = re.compile(r'name="csrf_token" value="([0-9a-f]{64})"')


class Visitor:
    """A browser without a screen, at an address on the network of its own."""

    def __init__(self, url: str, mailbox: Mailbox) -> None:
        self.url, self.mailbox = url, mailbox
        address = ".".join(["10", *(str(secrets.randbelow(250) + 1) for _ in range(3))])
        self.http = httpx.Client(
            base_url=url, timeout=60, headers={"X-Forwarded-For": address}, follow_redirects=True,
            verify=False,  # nothing speaks TLS here, and reading certificates takes long
        )  # fmt: skip

    def open(self, path: str) -> httpx.Response:
        return self.http.get(path)

    def submit(
        self, page: httpx.Response, path: str, *, origin: str = "", **fields: str
    ) -> httpx.Response:
        """Send a form of a page."""
        found = CSRF.search(page.text)
        assert found is not None, page.text
        headers = {"Origin": origin or self.url, "Sec-Fetch-Site": "same-origin"}
        return self.http.post(path, data={"csrf_token": found[1], **fields}, headers=headers)

    def ask_for_code(self, email: str) -> httpx.Response:
        return self.submit(self.open("/sign_in"), "/sign_in", email=email)

    def code_for(self, email: str) -> str:
        found = re.search(r"Your code is (\d{6})\n", self.mailbox.newest(email))
        assert found is not None
        return found[1]

    def sign_in(self, email: str) -> httpx.Response:
        asked = self.ask_for_code(email)
        assert str(asked.url) == f"{self.url}/sign_in/code", asked.text
        return self.submit(asked, "/sign_in/code", code=self.code_for(email))

    def cookie(self, name: str) -> str:
        return self.http.cookies.get(f"oppulence_{name}") or ""

    def api(self, method: str, path: str, workspace: str, **options: object) -> httpx.Response:
        """Call /v1 as a page's script would: with the cookie and the CSRF token that it reads."""
        headers = {"X-Workspace-Id": workspace, "X-CSRF-Token": self.cookie("csrf")}
        headers |= options.pop("headers", {})  # type: ignore[arg-type]
        return self.http.request(method, path, headers=headers, **options)  # type: ignore[arg-type]

    def own_workspace(self) -> str:
        found = re.findall(r'href="/workspaces/(ws_\w+)"', self.open("/workspaces").text)
        assert len(found) == 1
        return str(found[0])

    def close(self) -> None:
        self.http.close()


def new_address(name: str = "ada") -> str:
    return f"{name}-{secrets.token_hex(5)}@example.com"
