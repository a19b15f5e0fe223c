"""Is a bank linked and let go through Teller, under a client certificate?"""

import datetime as dt
import json
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from core.clock import utc_now
from core.errors import ProviderError
from core.settings import Settings
from linking.certificates import client_tls
from linking.flow import CredentialsRefusedError, LinkRequest, NotConfiguredError
from linking.teller import FLOW
from sandbox.process import RunningSandbox
from sandbox.teller import ACCESS_TOKENS, APPLICATION_ID


@pytest.fixture
def teller(stripe_sandbox: RunningSandbox) -> Settings:
    return Settings(
        teller_application_id=APPLICATION_ID, teller_api_url=f"{stripe_sandbox.url}/teller"
    )


def test_the_widget_opens_with_our_application_and_its_token_is_tried(teller: Settings) -> None:
    started = FLOW.start(teller, LinkRequest("", "s", "ws_a"))
    assert (started.token, started.url) == (APPLICATION_ID, "")
    token = ACCESS_TOKENS["Prairie Credit Union"]
    linked = FLOW.finish(teller, started.kept, {"access_token": token})
    assert (linked.name, linked.credentials) == ("Prairie Credit Union", {"access_token": token})
    assert linked.account_id.startswith("enr_")
    assert linked == FLOW.finish(teller, started.kept, {"access_token": token})


def test_a_revoked_enrollment_opens_nothing(teller: Settings) -> None:
    linked = FLOW.verify(teller, {"access_token": "test_token_revoked"}, "")
    FLOW.revoke(teller, linked.credentials, linked.api_url)
    FLOW.revoke(teller, linked.credentials, linked.api_url)
    with pytest.raises(CredentialsRefusedError, match="invalid or was revoked"):
        FLOW.verify(teller, linked.credentials, linked.api_url)


def test_refusals_say_what_to_do(teller: Settings) -> None:
    with pytest.raises(NotConfiguredError, match="no Teller application"):
        FLOW.start(Settings(), LinkRequest("", "s", "ws_a"))
    with pytest.raises(CredentialsRefusedError):
        FLOW.verify(teller, {"access_token": "nobody"}, "")
    with pytest.raises(ProviderError, match="ConnectError"):
        FLOW.verify(teller, {"access_token": "test_token_x"}, "http://127.0.0.1:1")


def key_and_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Write a key and a certificate of its own for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    here = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(utc_now() - dt.timedelta(days=1))
        .not_valid_after(utc_now() + dt.timedelta(days=1))
        .add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    key_file, certificate_file = folder / f"{name}.key", folder / f"{name}.pem"
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    certificate_file.write_bytes(certificate.public_bytes(Encoding.PEM))
    return key_file, certificate_file


class Bank(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps([{"enrollment_id": "enr_1", "institution": {"name": "Cascade"}}]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def strict_bank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A bank behind TLS that talks to one client certificate alone; settings that name it."""
    server_key, server_certificate = key_and_certificate(tmp_path, "server")
    key, certificate = key_and_certificate(tmp_path, "client")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server_certificate, server_key)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(certificate)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bank)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a refused handshake
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("SSL_CERT_FILE", str(server_certificate))
    yield Settings(
        teller_api_url=f"https://localhost:{server.server_address[1]}",
        teller_certificate_file=certificate,
        teller_private_key_file=key,
    )
    server.shutdown()
    server.server_close()


def test_the_client_certificate_is_shown(strict_bank: Settings) -> None:
    assert FLOW.verify(strict_bank, {"access_token": "t"}, "").account_id == "enr_1"
    without = strict_bank.model_copy(update={"teller_certificate_file": None})
    with pytest.raises(ProviderError, match="did not answer as expected"):
        FLOW.verify(without, {"access_token": "t"}, "")


def test_a_certificate_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "missing.pem"
    with pytest.raises(NotConfiguredError, match=r"missing\.pem"):
        client_tls(missing, None, url="https://api.teller.io")
