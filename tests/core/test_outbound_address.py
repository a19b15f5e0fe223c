"""Guards our own network: no address that a stranger gives leads into it, however it is written."""

import socket

import pytest

from core.outbound_address import AddressRefusedError, checked_address

REFUSED = [
    "http://93.184.216.34/", "ftp://93.184.216.34/", "https://user:secret@93.184.216.34/",
    "https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f000001/",
    "https://localhost/", "https://0.0.0.0/", "https://10.0.0.1/", "https://172.16.5.4/",
    "https://192.168.1.1/", "https://169.254.169.254/latest/meta-data", "https://100.64.0.1/",
    "https://224.0.0.1/", "https://255.255.255.255/", "https://[::1]/", "https://[::]/",
    "https://[fe80::1]/", "https://[fd00::1]/", "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:10.0.0.1]/", "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/",
    "https://host.invalid/", "https:///x", "https://[::1", "https://93.184.216.34:99999/",
]  # fmt: skip


@pytest.mark.parametrize("url", REFUSED)
def test_what_is_refused(url):
    with pytest.raises(AddressRefusedError):
        checked_address(url, local_allowed=False)


def test_a_public_address_is_pinned_to_the_number_that_was_checked():
    found = checked_address("https://93.184.216.34:8443/a?b=c", local_allowed=False)
    assert (found.url, found.host, found.name) == (
        "https://93.184.216.34:8443/a?b=c", "93.184.216.34", "93.184.216.34:8443",
    )  # fmt: skip


def test_every_number_of_a_name_must_be_public(monkeypatch):
    def resolve(*numbers):
        rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (n, 443)) for n in numbers]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: rows)

    resolve("93.184.216.34", "10.0.0.1")
    with pytest.raises(AddressRefusedError):
        checked_address("https://two.example/", local_allowed=False)
    resolve("93.184.216.34")
    found = checked_address("https://two.example/hook", local_allowed=False)
    assert (found.url, found.host) == ("https://93.184.216.34:443/hook", "two.example")


def test_this_machine_may_be_allowed_and_its_neighbours_may_not():
    assert checked_address("http://127.0.0.1:80/x", local_allowed=True).host == "127.0.0.1"
    with pytest.raises(AddressRefusedError):
        checked_address("http://10.0.0.1/", local_allowed=True)
