"""What does whoever signs in at the issuer see? One form: an address and a name."""

from __future__ import annotations

from html import escape
from urllib.parse import parse_qsl

from sandbox.wire import Answer

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sandbox sign-in</title>
<style>
body{{margin:0;background:#eef0f6;color:#1d2233;font:16px/1.5 system-ui,sans-serif}}
main{{max-width:380px;margin:10vh auto;padding:28px;background:#fff;border-radius:14px}}
h1{{margin:0 0 4px;font-size:22px}} p{{margin:0 0 16px;color:#5b6278}}
label{{display:block;margin:12px 0 4px;font-weight:600;font-size:14px}}
input{{box-sizing:border-box;width:100%;height:44px;padding:0 12px;border:1px solid #9aa1b5;
border-radius:8px;font:inherit}}
button{{width:100%;height:44px;margin-top:18px;border:0;border-radius:8px;background:#3346a8;
color:#fff;font:inherit;font-weight:600}}
button.no{{background:none;color:#5b6278;margin-top:8px}}
</style></head><body><main>
<h1>Sandbox sign-in</h1><p>Whoever gives an address is who they say.</p>
<form method="post" action="authorize">{hidden}
<label for="email">Email address</label>
<input id="email" name="email" type="email" required autofocus value="{email}">
<label for="name">Name</label><input id="name" name="name">
<button>Sign in</button><button class="no" name="denied" value="yes" formnovalidate>Cancel</button>
</form></main></body></html>
"""


def login_page(query: str) -> Answer:
    """The form; what the client asked for goes along with it."""
    asked = parse_qsl(query)
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in asked
    )
    page = _PAGE.format(hidden=hidden, email=escape(dict(asked).get("login_hint", "")))
    return Answer(200, page.encode(), content_type="text/html; charset=utf-8")
