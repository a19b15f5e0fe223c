"""How does a request become the issuer's answer? Discovery, login, token with PKCE, keys, userinfo.

Own faults, each spoiling the next ID token: `id_token_nonce`, `id_token_audience`,
`id_token_issuer`, `id_token_expired`, `id_token_unsigned`, `id_token_symmetric`,
`id_token_other_key`; `address_unverified`; `address_elsewhere` (only userinfo has it); and
`new_key` (the issuer signs with a new one from now on).
"""

from __future__ import annotations

import hashlib
import re
from typing import Any
from urllib.parse import parse_qsl, urlencode

from core.clock import utc_now
from sandbox.faults import Fault
from sandbox.grants import Grants, basic
from sandbox.oidc import CLIENT_ID, CLIENT_SECRET
from sandbox.oidc.pages import login_page
from sandbox.oidc.tokens import Signer
from sandbox.provider import Stage
from sandbox.shelf import Shelf
from sandbox.wire import Answer, Request, json_answer

ACCESS_SECONDS = 300
SPOILED = (
    "id_token_nonce", "id_token_audience", "id_token_issuer", "id_token_expired",
    "id_token_unsigned", "id_token_symmetric", "id_token_other_key",
)  # fmt: skip
_REDIRECT = re.compile(r"http://(127\.0\.0\.1|localhost):\d+/sign_in/callback")


class OidcApp:
    """The issuer."""

    name = "oidc"
    fault_kinds = frozenset({*SPOILED, "address_unverified", "address_elsewhere", "new_key"})

    def __init__(self, stage: Stage) -> None:
        """Stand on a stage, with a new key."""
        self.stage, self.signer = stage, Signer()
        self.grants = Grants(Shelf(stage.folder), stage.clock, ACCESS_SECONDS)

    def credential(self, request: Request) -> str:
        """The client, where it names itself."""
        return basic(request.headers.get("authorization", ""))[0] or "a browser"

    def refuse(self, fault: Fault, request: Request) -> Answer:
        """A limit or a failure."""
        status = 429 if fault.kind == "rate_limit" else 500
        return _error(status, "temporarily_unavailable", "Try again later.")

    def spoil(self, answer: Answer, request: Request) -> Answer:
        """Leave the answer as it is: the issuer answers without rows."""
        return answer

    def handle(self, request: Request) -> Answer:
        """Answer one request."""
        issuer = f"http://{request.headers.get('host', '127.0.0.1')}/{self.name}"
        if self.stage.faults.own(request.path, "new_key") is not None:
            self.signer = Signer()
        match request.method, request.path:
            case "GET", "/.well-known/openid-configuration":
                return json_answer(_description(issuer))
            case "GET", "/jwks":
                return json_answer({"keys": [self.signer.jwk()]})
            case "GET", "/authorize":
                return _refusal(dict(parse_qsl(request.query))) or login_page(request.query)
            case "POST", "/authorize":
                return self._consent(issuer, _form(request))
            case "POST", "/token":
                return self._token(issuer, request)
            case "GET", "/userinfo":
                return self._userinfo(request)
        return _error(404, "not_found", f"There is no {request.method} {request.path}.")

    def _consent(self, issuer: str, form: dict[str, str]) -> Answer:
        refused = _refusal(form)
        if refused is not None:
            return refused
        back = {"state": form.get("state", ""), "iss": issuer}
        if form.get("denied") or not form.get("email"):
            back["error"] = "access_denied"
        else:
            email = form["email"].strip().lower()
            subject = {
                "sub": hashlib.sha256(email.encode()).hexdigest()[:20],
                "email": email,
                "name": form.get("name", ""),
                "nonce": form.get("nonce", ""),
            }
            back["code"] = self.grants.consent(
                subject, form["redirect_uri"], form["code_challenge"]
            )
        return Answer(303, b"", {"location": f"{form['redirect_uri']}?{urlencode(back)}"})

    def _token(self, issuer: str, request: Request) -> Answer:
        form = _form(request)
        named = basic(request.headers.get("authorization", ""))
        if (named if named[0] else (form.get("client_id"), form.get("client_secret"))) != (
            CLIENT_ID,
            CLIENT_SECRET,
        ):
            return _error(401, "invalid_client", "No such client.")
        if form.get("grant_type") != "authorization_code":
            return _error(400, "unsupported_grant_type", "Codes only.")
        pair = self.grants.exchange(
            form.get("code", ""), form.get("redirect_uri", ""), form.get("code_verifier", "")
        )
        subject = None if pair is None else self.grants.subject(pair.access)
        if pair is None or subject is None:
            return _error(400, "invalid_grant", "The code or its verifier is wrong.")
        return json_answer(
            {
                "access_token": pair.access,
                "token_type": "Bearer",
                "expires_in": ACCESS_SECONDS,
                "id_token": self._id_token(issuer, subject, request.path),
            }
        )

    def _id_token(self, issuer: str, subject: dict[str, Any], path: str) -> str:
        # The wall clock, not the sandbox's: whoever checks the token lives by it.
        now = int(utc_now().timestamp())
        claims = {
            "iss": issuer, "aud": CLIENT_ID, "iat": now, "exp": now + ACCESS_SECONDS,
            **subject, "email_verified": True,
        }  # fmt: skip
        if self.stage.faults.own(path, "address_unverified") is not None:
            claims["email_verified"] = False
        if self.stage.faults.own(path, "address_elsewhere") is not None:
            del claims["email"], claims["email_verified"]
        spoiled = next((kind for kind in SPOILED if self.stage.faults.own(path, kind)), "")
        match spoiled:
            case "id_token_nonce":
                claims["nonce"] = "another"
            case "id_token_audience":
                claims["aud"] = "another-client"
            case "id_token_issuer":
                claims["iss"] = "http://127.0.0.1:1/oidc"
            case "id_token_expired":
                claims |= {"iat": now - 7200, "exp": now - 3600}
            case "id_token_unsigned":
                return self.signer.leave_unsigned(claims)
            case "id_token_symmetric":
                return self.signer.sign_symmetric(claims)
            case "id_token_other_key":
                return Signer().sign(claims, name=self.signer.name)
        return self.signer.sign(claims)

    def _userinfo(self, request: Request) -> Answer:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        subject = self.grants.subject(bearer)
        if subject is None:
            return _error(401, "invalid_token", "The access token is not known.")
        told = {name: subject[name] for name in ("sub", "email", "name")}
        return json_answer({**told, "email_verified": True})


def _description(issuer: str) -> dict[str, Any]:
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "jwks_uri": f"{issuer}/jwks",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "email", "profile"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "authorization_response_iss_parameter_supported": True,
    }


def _refusal(asked: dict[str, str]) -> Answer | None:
    """What is wrong with a client's request; None if nothing is."""
    if asked.get("client_id") != CLIENT_ID or not _REDIRECT.fullmatch(
        asked.get("redirect_uri", "")
    ):
        return _error(400, "invalid_request", "No such client, or a redirect that is not its own.")
    if asked.get("response_type") != "code" or "openid" not in asked.get("scope", "").split():
        return _error(400, "invalid_request", "Ask for a code, with the scope openid.")
    if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
        return _error(400, "invalid_request", "PKCE with S256 is required.")
    return None


def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.body.decode()))


def _error(status: int, error: str, description: str) -> Answer:
    return json_answer({"error": error, "error_description": description}, status)
