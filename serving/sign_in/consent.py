"""How does a sign-in at the issuer begin and end in one and the same browser?

The browser's cookie is the flow's `state`; what the issuer's answer is checked with (the nonce, the
PKCE verifier) is kept sealed beside its hash, and serves once.
"""

import hmac
import json
import secrets
from datetime import datetime

from core.tokens import hash_token, new_token
from serving.engines import Engines
from serving.sign_in.issuer import Issuer, SignInRefusedError
from serving.sign_in.pending import (
    complete_pending,
    find_pending,
    forget_expired,
    insert_pending,
)
from serving.sign_in.people import Proof

_PURPOSE = "sign_in"


def begin_consent(engines: Engines, issuer: Issuer, *, now: datetime) -> tuple[str, str]:
    """Return the issuer's address for the browser, and the token for its cookie.

    Raises:
        IssuerUnavailableError: The issuer's description cannot be had.
    """
    forget_expired(engines.database)
    state, nonce, verifier = new_token(), new_token(), secrets.token_urlsafe(64)
    url = issuer.authorization_url(state=state, nonce=nonce, verifier=verifier)
    kept = json.dumps({"nonce": nonce, "verifier": verifier})
    token_hash = hash_token(state, engines.api_key_secret)
    with engines.database.person(lookup=token_hash.hex()) as rows:
        sealed = engines.box.seal(kept, context=f"{_PURPOSE}|{token_hash.hex()}")
        insert_pending(rows, token_hash, now=now, sealed_secrets=sealed)
    return url, state


def finish_consent(
    engines: Engines,
    issuer: Issuer,
    *,
    cookie: str,
    state: str,
    code: str,
    iss: str,
    error: str,
    now: datetime,
) -> Proof:
    """Return whom the issuer's answer proves.

    Raises:
        SignInRefusedError: The answer is another browser's, was used, or proves nobody.
        IssuerUnavailableError: The issuer does not answer.
    """
    if not state or not hmac.compare_digest(state.encode(), cookie.encode()):
        raise SignInRefusedError("The answer belongs to a sign-in that this browser did not begin.")
    secret = engines.api_key_secret
    pending = find_pending(engines.database, state, secret=secret, now=now)
    token_hash = hash_token(state, secret)
    with engines.database.person(lookup=token_hash.hex()) as rows:
        is_first = complete_pending(rows, token_hash, now=now)
    if pending is None or not pending.sealed_secrets or not is_first:
        raise SignInRefusedError("The sign-in has expired or was used.")
    if error or not code:
        raise SignInRefusedError("The sign-in service did not let you in.")
    # RFC 9207: an issuer that names itself in its answer must be the one that was asked.
    if iss and iss.rstrip("/") != issuer.settings.oidc_issuer.rstrip("/"):
        raise SignInRefusedError("The answer is another sign-in service's.")
    kept = json.loads(
        engines.box.open(pending.sealed_secrets, context=f"{_PURPOSE}|{token_hash.hex()}")
    )
    return issuer.prove(code=code, nonce=kept["nonce"], verifier=kept["verifier"])
