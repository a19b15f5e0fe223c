"""May a request of ours go to this address? Never into our own network, whatever its name says.

The name is resolved once, every address that it has must be public, and the request goes to the
address that was checked: a name that answers differently the second time changes nothing.
"""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

import httpx

from core.authorities import trusted
from core.errors import InvalidInputError

MOST_READ = 200


class AddressRefusedError(InvalidInputError):
    """The address is not one that requests of ours may go to."""

    code = "address_refused"
    title = "The address is refused"


@dataclass(frozen=True, slots=True)
class Address:
    """A checked address: `url` with its host replaced by the number, and the host's own name."""

    url: str
    host: str
    name: str


def checked_address(url: str, *, local_allowed: bool) -> Address:
    """Resolve and check an address.

    Args:
        url: Of https, or of http where this machine's own addresses are allowed.
        local_allowed: Whether loopback may be addressed: where the sandbox is in use.

    Raises:
        AddressRefusedError: It is of another scheme, carries a login, or leads into a network that
            is not public.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        raise AddressRefusedError("The address cannot be read.") from None
    host = parts.hostname or ""
    schemes = {"https", "http"} if local_allowed else {"https"}
    if parts.scheme not in schemes or not host or parts.username or parts.password:
        raise AddressRefusedError("Send an https address without a login.")
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, ValueError):
        raise AddressRefusedError("The address's host cannot be found.") from None
    numbers = [ip_address(str(one[4][0]).partition("%")[0]) for one in found]
    for number in numbers:
        if not _is_public(number) and not (local_allowed and number.is_loopback):
            raise AddressRefusedError("The address leads into a network that is not public.")
    number = numbers[0]
    shown = f"[{number}]" if isinstance(number, IPv6Address) else str(number)
    path = parts.path or "/"
    query = f"?{parts.query}" if parts.query else ""
    name = host if parts.port is None else f"{host}:{parts.port}"
    return Address(f"{parts.scheme}://{shown}:{port}{path}{query}", host, name)


def post_to(
    address: Address, body: bytes, headers: Mapping[str, str], *, timeout: float
) -> tuple[int, str]:
    """Post to the checked number under the host's own name; redirects are not followed.

    Returns:
        The status, and the first words of the answer on one line.

    Raises:
        httpx.HTTPError: There was no answer, or only a part of it.
    """
    with (
        httpx.Client(
            timeout=timeout, trust_env=False, follow_redirects=False, verify=trusted()
        ) as client,
        client.stream(
            "POST", address.url, content=body, headers={**headers, "Host": address.name},
            extensions={"sni_hostname": address.host},
        ) as answer,
    ):  # fmt: skip
        said = next(answer.iter_bytes(MOST_READ), b"")[:MOST_READ]
        return answer.status_code, " ".join(said.decode(errors="replace").split())


def _is_public(number: IPv4Address | IPv6Address) -> bool:
    if isinstance(number, IPv6Address):
        inner = number.ipv4_mapped or number.sixtofour
        if number.teredo or (inner is not None and not _is_public(inner)):
            return False
        # 64:ff9b::/96 leads to IPv4 addresses through a translator.
        if int(number) >> 32 == 0x64FF9B << 64:
            return _is_public(IPv4Address(int(number) & 0xFFFFFFFF))
    return number.is_global and not number.is_multicast
