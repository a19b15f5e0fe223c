"""Guards our own network: no address that a stranger gives leads into it, however it is written."""

import socket
import threading
import time

import pytest

from core import host_names, outbound_address
from core.outbound_address import (
    Address,
    AddressRefusedError,
    AddressUnansweredError,
    checked_address,
)

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
    assert found == Address(
        "https", "93.184.216.34", 8443, "/a?b=c", "93.184.216.34", "93.184.216.34:8443"
    )


def test_every_number_of_a_name_must_be_public(monkeypatch):
    def resolve(*numbers):
        rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (n, 443)) for n in numbers]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: rows)

    resolve("93.184.216.34", "10.0.0.1")
    with pytest.raises(AddressRefusedError):
        checked_address("https://two.example/", local_allowed=False)
    resolve("93.184.216.34")
    found = checked_address("https://two.example/hook", local_allowed=False)
    assert found == Address(
        "https", "93.184.216.34", 443, "/hook", "two.example", "two.example"
    )  # fmt: skip


def test_this_machine_may_be_allowed_and_its_neighbours_may_not():
    assert checked_address("http://127.0.0.1:80/x", local_allowed=True).host == "127.0.0.1"
    with pytest.raises(AddressRefusedError):
        checked_address("http://10.0.0.1/", local_allowed=True)


def test_nobody_waits_for_a_name_that_is_not_answered_for(monkeypatch):
    """The system's call has no deadline: here it ends when the test lets it."""
    may_end, asked = threading.Event(), []

    def never(host, *_, **__):
        asked.append(host)
        may_end.wait(60)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 443))]

    monkeypatch.setattr(socket, "getaddrinfo", never)
    monkeypatch.setattr(outbound_address, "LOOK_UP_SECONDS", 0.05)
    monkeypatch.setattr(host_names, "MOST_AT_ONCE", 2)
    try:
        for host in ("slow.example", "slow.example", "slower.example", "third.example"):
            with pytest.raises(AddressUnansweredError):
                checked_address(f"https://{host}/", local_allowed=False)
        while len(asked) < 2:  # a thread that was begun need not have come to asking yet
            time.sleep(0.01)
        # Once each, however often it is asked for, and no more than so many at a time.
        assert sorted(asked) == ["slow.example", "slower.example"]
    finally:
        may_end.set()
    while host_names.is_waiting():
        time.sleep(0.01)
    monkeypatch.setattr(outbound_address, "LOOK_UP_SECONDS", 60.0)
    assert checked_address("https://slow.example/", local_allowed=False).number == "93.184.216.34"
