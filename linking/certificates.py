"""How does an application of ours show who it is in TLS? With the settings' certificate."""

import ssl
from functools import lru_cache
from pathlib import Path

from linking.flow import NotConfiguredError


def client_tls(certificate: Path | None, private_key: Path | None, *, url: str) -> ssl.SSLContext:
    """Return the TLS of a client that shows its certificate; without one, of any client.

    Args:
        certificate: The certificate in PEM.
        private_key: Its key in PEM; None where the certificate's file holds both.
        url: What is asked; plain HTTP (a simulator on this machine) shows no certificate.

    Raises:
        NotConfiguredError: The files are missing or no certificate and key.
    """
    if not url.startswith("https://"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return _context(certificate, private_key, _written_at(certificate), _written_at(private_key))


def _written_at(file: Path | None) -> int:
    return file.stat().st_mtime_ns if file is not None and file.exists() else 0


@lru_cache(maxsize=8)  # reading the authorities takes 20 ms, which 200 connections would pay
def _context(
    certificate: Path | None, private_key: Path | None, *written_at: int
) -> ssl.SSLContext:
    tls = ssl.create_default_context()
    if certificate is None:
        return tls
    try:
        tls.load_cert_chain(certificate, private_key)
    except (OSError, ssl.SSLError) as error:
        raise NotConfiguredError(
            f"The client certificate {certificate} cannot be used: {error}",
            next_step="See that certificate and key are PEM files that belong together.",
        ) from None
    return tls
