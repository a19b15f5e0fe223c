"""Who does the OpenID Connect issuer say this is? Code flow with PKCE, state and nonce.

The protocol's parts are authlib's: the authorization address, the exchange, the claims' rules; the
ID token's signature is checked against the issuer's keys with algorithms fixed here, never those
that the token asks for. Only an address that the issuer has verified is taken.
"""

from dataclasses import dataclass
from typing import Any

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.oauth2.client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from pydantic import TypeAdapter, ValidationError

from core.errors import ForbiddenError
from core.settings import Settings
from serving.members.schemas import Email
from serving.sign_in.people import Proof
from serving.sign_in.published import (
    KEYS_ASKED_SECONDS,
    IssuerUnavailableError,
    Published,
    http_client,
)

ALGORITHMS = ["RS256", "ES256"]
LEEWAY_SECONDS = 60
SCOPE = "openid email profile"
_EMAIL = TypeAdapter(Email)


class SignInRefusedError(ForbiddenError):
    """The issuer's answer proves nobody."""

    code = "sign_in_refused"
    title = "You could not be signed in"

    def __init__(self, detail: str, *, next_step: str = "Begin again at /sign_in.") -> None:
        super().__init__(detail, next_step=next_step)


@dataclass
class Issuer:
    """The configured issuer, and this installation as its client."""

    settings: Settings
    published: Published

    @classmethod
    def of(cls, settings: Settings) -> "Issuer | None":
        """Return the issuer of the settings; None where people are mailed codes instead."""
        issuer = settings.oidc_issuer
        return cls(settings, Published(issuer)) if issuer else None

    def authorization_url(self, *, state: str, nonce: str, verifier: str) -> str:
        """Return the issuer's page that the browser goes to.

        Raises:
            IssuerUnavailableError: The issuer's description cannot be had.
        """
        endpoint = self.published.endpoint("authorization_endpoint")
        with http_client() as http:
            url, _ = self._client(http).create_authorization_url(
                endpoint,
                state=state,
                nonce=nonce,
                code_verifier=verifier,
            )
        return str(url)

    def prove(self, *, code: str, nonce: str, verifier: str) -> Proof:
        """Exchange a code for who it stands for.

        Raises:
            IssuerUnavailableError: The issuer does not answer.
            SignInRefusedError: It does not know the code, or its token is not what we asked for.
        """
        try:
            with http_client() as http:
                client = self._client(http)
                token = client.fetch_token(
                    self.published.endpoint("token_endpoint"),
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=verifier,
                    auth=(client.client_id, client.client_secret),
                )
                claims = self._claims(token, nonce)
                if "email" not in claims:
                    claims |= self._userinfo(http, token, claims["sub"])
        except AuthlibBaseError as error:
            raise SignInRefusedError(f"The issuer refused the code: {error.error}.") from error
        except (JoseError, KeyError, TypeError, ValueError) as error:
            detail = f"The issuer's ID token does not hold: {type(error).__name__} ({error})."
            raise SignInRefusedError(detail) from error
        except httpx.HTTPError as error:
            raise IssuerUnavailableError(f"The issuer failed: {type(error).__name__}.") from error
        return self._proof(claims)

    def _proof(self, claims: dict[str, Any]) -> Proof:
        if claims.get("email_verified") is not True:
            raise SignInRefusedError(
                "The issuer has not verified your address.",
                next_step="Verify it there, then begin again at /sign_in.",
            )
        try:
            address = _EMAIL.validate_python(claims["email"])
        except ValidationError:
            raise SignInRefusedError("The issuer names no usable address.") from None
        name = claims.get("name")
        return Proof(
            address=address,
            method="oidc",
            name=name if isinstance(name, str) and name.isprintable() else "",
            issuer=claims["iss"],
            subject=claims["sub"],
        )

    def _claims(self, token: dict[str, Any], nonce: str) -> dict[str, Any]:
        try:
            decoded = self._decoded(token["id_token"], self.published.read("jwks"))
        except InvalidKeyIdError:
            fresh = self.published.read("jwks", seconds=KEYS_ASKED_SECONDS)
            decoded = self._decoded(token["id_token"], fresh)
        settings = self.settings
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            {
                "iss": {"essential": True, "value": self.published.read("description")["issuer"]},
                "aud": {"essential": True, "value": settings.oidc_client_id},
            },
            {
                "nonce": nonce,
                "client_id": settings.oidc_client_id,
                "access_token": token.get("access_token"),
            },
        )
        claims.validate(leeway=LEEWAY_SECONDS)
        return dict(claims)

    def _decoded(self, id_token: str, keys: dict[str, Any]) -> jwt.Token:
        return jwt.decode(
            id_token,
            KeySet.import_key_set({"keys": keys["keys"]}),
            registry=JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False),
        )

    def _userinfo(self, http: httpx.Client, token: dict[str, Any], subject: str) -> dict[str, Any]:
        answer = http.get(
            self.published.endpoint("userinfo_endpoint"),
            headers={"Authorization": f"Bearer {token['access_token']}"},
        ).raise_for_status()
        told = answer.json()
        if told["sub"] != subject:
            raise SignInRefusedError("The issuer's userinfo is about somebody else.")
        return {name: told[name] for name in ("email", "email_verified", "name") if name in told}

    def _client(self, http: httpx.Client) -> OAuth2Client:
        settings = self.settings
        return OAuth2Client(
            http,
            client_id=settings.oidc_client_id,
            client_secret=settings.required("oidc_client_secret"),
            scope=SCOPE,
            redirect_uri=f"{settings.public_address}/sign_in/callback",
            code_challenge_method="S256",
        )
