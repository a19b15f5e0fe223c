"""What does a customer see behind a portal session? One form: another card, then back.

As Stripe's own page does under the flow `payment_method_update`, it attaches the method and makes
it the customer's default, not the subscription's. The cards are Stripe's test cards.
"""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode

from sandbox.wire import Answer, Request

if TYPE_CHECKING:
    from sandbox.stripe.account import Account
    from sandbox.stripe.app import StripeApp

PREFIX = "/p/session/"
CARDS = {
    "pm_card_visa": "Visa 4242, is charged",
    "pm_card_mastercard": "Mastercard 4444, is charged",
    "pm_card_chargeCustomerFail": "Visa 0341, is saved, then declined",
    "pm_card_chargeDeclinedExpiredCard": "Visa 0069, cannot be saved: expired",
    "pm_card_chargeDeclinedInsufficientFunds": "Visa 9995, cannot be saved: no funds",
}
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sandbox payment method</title>
<style>
body{{margin:0;background:#eef0f6;color:#1d2233;font:16px/1.5 system-ui,sans-serif}}
main{{max-width:380px;margin:10vh auto;padding:28px;background:#fff;border-radius:14px}}
h1{{margin:0 0 4px;font-size:22px}} p{{margin:0 0 16px;color:#5b6278}} p.bad{{color:#a3142a}}
label{{display:block;margin:12px 0 4px;font-weight:600;font-size:14px}}
select{{box-sizing:border-box;width:100%;height:44px;padding:0 8px;font:inherit}}
button{{width:100%;height:44px;margin-top:18px;border:0;border-radius:8px;background:#3346a8;
color:#fff;font:inherit;font-weight:600}} a{{color:#3346a8}}
</style></head><body><main>
<h1>Another payment method</h1><p>For {who}, at the sandbox's Stripe.</p>{problem}
<form method="post"><label for="card">Card</label><select id="card" name="card">{cards}</select>
<button>Save</button></form><p><a href="{back}">Back without a change</a></p>
</main></body></html>
"""


class Portal:
    """The pages of the sessions that were made since the sandbox started."""

    def __init__(self, stripe: StripeApp) -> None:
        """Act through the API, as every other change does."""
        self.stripe = stripe

    def handle(self, request: Request) -> Answer:
        """Show the form, or save what was chosen and lead back."""
        identity = request.path.removeprefix(PREFIX)
        for account in self.stripe.accounts.values():
            if identity in account.portal_sessions:
                return self._answer(account, account.portal_sessions[identity], request)
        return _page(404, {"customer": "nobody: this session is over"}, "")

    def _answer(self, account: Account, session: dict[str, Any], request: Request) -> Answer:
        if request.method != "POST":
            return _page(200, session, "")
        card = parse_qs(request.body.decode("latin-1")).get("card", [""])[0]
        if card not in CARDS:
            return _page(400, session, "Choose one of the cards.")
        customer = session["customer"]
        attached = self._post(account, f"/v1/payment_methods/{card}/attach", customer=customer)
        if "error" in attached:
            return _page(402, session, attached["error"]["message"])
        chosen = {"invoice_settings[default_payment_method]": attached["id"]}
        self._post(account, f"/v1/customers/{customer}", **chosen)
        return Answer(303, b"", {"location": str(session["return_url"])})

    def _post(self, account: Account, path: str, **fields: str) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {account.key}"}
        body = urlencode(fields).encode()
        answer = self.stripe.handle(Request("POST", path, "", headers, body))
        value: dict[str, Any] = json.loads(answer.body)
        return value


def _page(status: int, session: dict[str, Any], problem: str) -> Answer:
    page = _PAGE.format(
        who=escape(session["customer"]),
        problem=f'<p class="bad" role="alert">{escape(problem)}</p>' if problem else "",
        cards="".join(f'<option value="{name}">{says}</option>' for name, says in CARDS.items()),
        back=escape(str(session.get("return_url") or "")),
    )
    return Answer(status, page.encode(), content_type="text/html; charset=utf-8")
