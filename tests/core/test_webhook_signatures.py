"""Guards who is believed: a right signature passes, anything else does not, for every provider."""

import base64
import hashlib
import hmac
import json

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import given
from hypothesis import strategies as st
from stripe import SignatureVerificationError, WebhookSignature

from core.webhooks import plaid, quickbooks, stripe, teller, xero
from core.webhooks.delivery import Delivery, InvalidSignatureError

NOW = 1_790_000_000
BODY = b'{"id": "evt_1", "object": "event", "amount": 72.10}'


def hex_of(secret: str, at: int, body: bytes = BODY) -> str:
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def refused(scheme, delivery: Delivery, secrets: list[str], now: int = NOW) -> bool:
    try:
        scheme.verify(delivery, secrets, now)
    except InvalidSignatureError:
        return True
    return False


@pytest.mark.parametrize(
    ("scheme", "header", "tolerance"),
    [(stripe, "stripe-signature", 300), (teller, "teller-signature", 180)],
)
def test_a_timestamped_signature(scheme, header, tolerance):
    def signed(text: str, body: bytes = BODY) -> Delivery:
        return Delivery({header: text}, body)

    good = f"t={NOW},v1={hex_of('one', NOW)}"
    assert not refused(scheme, signed(good), ["one"])
    assert not refused(scheme, signed(good), ["two", "one"])  # while secrets rotate, here
    both = f"t={NOW},v1={hex_of('new', NOW)},v1={hex_of('one', NOW)},v0=x"
    assert not refused(scheme, signed(both), ["one"])  # and there
    assert not refused(scheme, signed(good), ["one"], NOW + tolerance)
    assert refused(scheme, signed(good), ["one"], NOW + tolerance + 1)
    assert refused(scheme, signed(good), ["one"], NOW - tolerance - 1)
    assert refused(scheme, signed(good), [])
    assert refused(scheme, signed(good), ["other"])
    assert refused(scheme, signed(good, BODY + b" "), ["one"])
    assert refused(scheme, signed(good.replace("v1", "v0")), ["one"])
    assert refused(scheme, signed(f"t={NOW + 1},v1={hex_of('one', NOW)}"), ["one"])
    for wrong in ("", "t=,v1=", "v1=abc", f"t={NOW}", "t=١,v1=ab", "t=1,v1=ü", "t=" + "9" * 400):
        assert refused(scheme, signed(wrong), ["one"])


@given(
    st.binary(max_size=200),
    st.text(st.characters(max_codepoint=126), max_size=60),
    st.integers(0, 4),
)
def test_stripes_own_library_agrees(body, noise, kind):
    text = body.decode("utf-8", "replace")
    body = text.encode()
    right = hex_of("whsec_a", NOW, body)
    header = [
        f"t={NOW},v1={right}", f"t={NOW},v1={noise}", noise, f"t={NOW},v1=00,v1={right}",
        f"t={NOW},v1={right[:-1]}",
    ][kind]  # fmt: skip
    try:
        theirs = not WebhookSignature.verify_header(text, header, "whsec_a", tolerance=None)
    except SignatureVerificationError:
        theirs = True
    assert refused(stripe, Delivery({"stripe-signature": header}, body), ["whsec_a"]) == theirs


@pytest.mark.parametrize(
    ("scheme", "header"), [(quickbooks, "intuit-signature"), (xero, "x-xero-signature")]
)
def test_a_signature_of_the_body(scheme, header):
    right = base64.b64encode(hmac.digest(b"one", BODY, "sha256")).decode()
    assert not refused(scheme, Delivery({header: right}, BODY), ["two", "one"])
    assert refused(scheme, Delivery({header: right}, BODY), ["two"])
    assert refused(scheme, Delivery({header: right}, BODY + b"\n"), ["one"])
    assert refused(scheme, Delivery({header: right[:-2]}, BODY), ["one"])
    assert refused(scheme, Delivery({}, BODY), ["one"])


PLAID_BODY = b'{"webhook_type": "TRANSACTIONS", "item_id": "item_1"}'
KEY = ec.generate_private_key(ec.SECP256R1())


def part(fields: dict) -> str:
    return base64.urlsafe_b64encode(json.dumps(fields).encode()).decode().rstrip("=")


def jwk(key=KEY) -> str:
    numbers = key.public_key().public_numbers()
    x, y = (
        base64.urlsafe_b64encode(n.to_bytes(32, "big")).decode().rstrip("=")
        for n in (numbers.x, numbers.y)
    )
    return json.dumps({"kty": "EC", "crv": "P-256", "alg": "ES256", "x": x, "y": y})


def token(key=KEY, head=None, at=NOW, body=PLAID_BODY) -> str:
    claims = {"iat": at, "request_body_sha256": hashlib.sha256(body).hexdigest()}
    signed = f"{part(head or {'alg': 'ES256', 'kid': 'k1'})}.{part(claims)}"
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return f"{signed}.{base64.urlsafe_b64encode(raw).decode().rstrip('=')}"


def of(text: str, body: bytes = PLAID_BODY) -> Delivery:
    return Delivery({"plaid-verification": text}, body)


def test_plaids_token():
    assert plaid.key_id(of(token())) == "k1"
    assert not refused(plaid, of(token()), [jwk()])
    assert not refused(plaid, of(token()), [jwk()], NOW + 300)
    assert refused(plaid, of(token()), [jwk()], NOW + 301)
    assert refused(plaid, of(token(), PLAID_BODY + b" "), [jwk()])
    assert refused(plaid, of(token()), [jwk(ec.generate_private_key(ec.SECP256R1()))])
    assert refused(plaid, of(token()), [])
    for wrong in ("", "a.b", "a.b.c", "é.b.c", token()[:-4], token().replace(".", "..", 1)):
        assert refused(plaid, of(wrong), [jwk()])


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS256", "ES384", None, ["ES256"]])
def test_plaids_algorithm_is_pinned(algorithm):
    assert refused(plaid, of(token(head={"alg": algorithm, "kid": "k1"})), [jwk()])


def test_a_token_signed_with_the_public_key_as_a_secret_is_refused():
    """The oldest trick on JWTs: the key that everybody may read, used as an HMAC's secret."""
    signed = f"{part({'alg': 'HS256', 'kid': 'k1'})}.{token().split('.')[1]}"
    forged = base64.urlsafe_b64encode(hmac.digest(jwk().encode(), signed.encode(), "sha256"))
    assert refused(plaid, of(f"{signed}.{forged.decode().rstrip('=')}"), [jwk()])


def test_what_deliveries_name():
    legacy = b'{"eventNotifications": [{"realmId": "1"}, {"realmId": "2"}]}'
    events = b'[{"id": "a", "intuitaccountid": "1"}, {"id": "b", "intuitaccountid": "3"}]'
    assert quickbooks.accounts(legacy) == {"1", "2"}
    assert quickbooks.accounts(events) == {"1", "3"}
    assert xero.accounts(b'{"events": [{"tenantId": "t1"}], "entropy": "x"}') == {"t1"}
    assert plaid.accounts(PLAID_BODY) == {"item_1"}
    assert teller.accounts(b'{"id": "wh_1", "payload": {"enrollment_id": "enr_1"}}') == {"enr_1"}
    assert stripe.accounts(b'{"id": "evt_1", "account": "acct_2"}') == {"acct_2"}
    assert stripe.accounts(BODY) == frozenset()
    for scheme in (plaid, quickbooks, stripe, teller, xero):
        assert scheme.accounts(b"\xff{") == frozenset()


def test_what_makes_a_repetition():
    assert stripe.event_id(Delivery({}, BODY)) == "evt_1"
    assert teller.event_id(Delivery({}, b'{"id": "wh_1"}')) == "wh_1"
    one, again = of("t1"), of("t2")
    assert plaid.event_id(one) == plaid.event_id(of("t1")) != plaid.event_id(again)
    assert stripe.event_id(Delivery({}, b"no json")).startswith("sha256_")
