"""How does a person give consent from a terminal? Their browser comes back to this machine.

The provider sends the browser to `redirect_url`. When that is a loopback address we listen there
for the one request that carries our state; otherwise, and for providers that lead nowhere, the
person pastes the address that they were sent to, or says that they are done.
"""

import secrets
import sys
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl, urlsplit

from core.clock import utc_now
from core.errors import InvalidInputError
from core.settings import Settings
from linking.flow import Flow, Linked, LinkRequest, LinkStart
from oppulence.output import print_line

_LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
# Where the browser comes back to when nothing else is asked for; to be registered like any other.
LOOPBACK_REDIRECT = "http://localhost:8914/callback"
# Waits at most some seconds and returns what the browser came back with.
Wait = Callable[[float], Mapping[str, str]]
_PAGE = (
    b"<!doctype html><html lang=en><title>Oppulence</title>"
    b"<p style='font:1.1rem system-ui;margin:3rem'>Done. You may close this page and go back to"
    b" the terminal."
)


def given_consent(
    flow: Flow, settings: Settings, *, user_id: str, choice: Mapping[str, str], redirect_url: str
) -> Linked | None:
    """Start a consent, wait for the person, and return what they gave.

    Returns:
        None where the provider has no page to open, only a widget for a web page of one's own.

    Raises:
        InvalidInputError: The person did not come back in time, or with another's state.
        OppulenceError: What the provider refuses; see `linking.flow.Flow`.
    """
    unknown = set(choice) - set(flow.choice_fields)
    if unknown:
        known = ", ".join(flow.choice_fields) or "none"
        raise InvalidInputError(
            f"{flow.provider} has no choice {', '.join(sorted(unknown))}.",
            next_step=f"Those there are: {known}.",
        )
    redirect_url = redirect_url or LOOPBACK_REDIRECT
    state = secrets.token_urlsafe(32)
    request = LinkRequest(redirect_url, state, user_id, choice)
    address = urlsplit(redirect_url)
    if address.hostname not in _LOOPBACK_HOSTS:
        start = flow.start(settings, request)
        return _finished(flow, settings, start, state, _pasted) if start.url else None
    with _Listener(address.port or 80, address.path, state) as listener:
        start = flow.start(settings, request)
        return _finished(flow, settings, start, state, listener.wait) if start.url else None


def _finished(flow: Flow, settings: Settings, start: LinkStart, state: str, wait: Wait) -> Linked:
    print_line(f"Open this page and give your consent:\n\n  {start.url}\n")
    seconds = max(0.0, (start.expires_at - utc_now()).total_seconds())
    answer = wait(seconds)
    if answer and answer.get("state", state) != state:
        raise InvalidInputError(
            "The browser came back with another state than it left with.",
            next_step="Run the command again, and open only the page that it prints.",
        )
    return flow.finish(settings, start.kept, answer)


def _pasted(_seconds: float) -> Mapping[str, str]:
    """Ask for the address that the provider led to; empty where it led nowhere."""
    if not sys.stdin.isatty():
        raise InvalidInputError(
            "There is no terminal to paste the answer into.",
            next_step="Use a --redirect-url on this machine, or POST /v1/connections/link.",
        )
    pasted = input("The address that you were sent to (Enter if there is none): ").strip()
    return dict(parse_qsl(urlsplit(pasted).query))


class _Listener:
    """Listens on loopback for the browser's return."""

    def __init__(self, port: int, path: str, state: str) -> None:
        self._answer: Mapping[str, str] | None = None
        self._came = threading.Event()
        listener = self

        class Handler(BaseHTTPRequestHandler):
            server_version = "oppulence"
            sys_version = ""

            def do_GET(self) -> None:
                asked = urlsplit(self.path)
                answer = dict(parse_qsl(asked.query))
                # Anyone on this machine may ask; only the browser that left with our state counts.
                is_ours = asked.path == path and secrets.compare_digest(
                    answer.get("state", ""), state
                )
                self.send_response(200 if is_ours else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                if is_ours:
                    self.wfile.write(_PAGE)
                    listener._answer = answer
                    listener._came.set()

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing: the address holds the consent's code."""

        try:
            self._server = HTTPServer(("127.0.0.1", port), Handler)
        except OSError as error:
            raise InvalidInputError(
                f"Port {port} of this machine cannot be listened on ({error.strerror}).",
                next_step="Give another one by --redirect-url, and register it with the provider.",
            ) from error

    def __enter__(self) -> "_Listener":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait(self, seconds: float) -> Mapping[str, str]:
        """Return the parameters that the browser brought.

        Raises:
            InvalidInputError: It did not come in time.
        """
        self._came.wait(seconds)
        if self._answer is None:
            raise InvalidInputError(
                "Nobody came back from the provider's page in time.",
                next_step="Run the command again; the page is open for a while only.",
            )
        return self._answer
