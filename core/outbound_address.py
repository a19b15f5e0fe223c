"""May a request of ours go to this address? Never into our own network, whatever its name says.

The name is resolved once, every address that it has must be public, and the request goes to the
address that was checked: a name that answers differently the second time changes nothing. Whoever
answers for the name may keep silent, so nobody waits longer than a few seconds for it.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from core.errors import InvalidInputError
from core.host_names import NameUnansweredError, numbers_of

LOOK_UP_SECONDS = 3.0


class AddressRefusedError(InvalidInputError):
    """The address is not one that requests of ours may go to."""

    code = "address_refused"
    title = "The address is refused"


class AddressUnansweredError(AddressRefusedError):
    """Nobody tells in time where the address's host is: it may be well in a minute."""

    code = "address_unanswered"
    title = "The address was not found in time"


@dataclass(frozen=True, slots=True)
class Address:
    """A checked address: where the request goes, and what the host is called there.

    Args:
        scheme: `https`, or `http`.
        number: The address that was checked.
        port: Of it.
        target: The path and the query.
        host: The host's name, which its certificate must be of.
        name: The host's name and the port, where one was given.
    """

    scheme: str
    number: str
    port: int
    target: str
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
        AddressUnansweredError: Nobody tells in time where its host is.
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
        numbers = [ip_address(one) for one in numbers_of(host, seconds=LOOK_UP_SECONDS)]
    except NameUnansweredError as error:
        raise AddressUnansweredError(error.detail, next_step="Try again in a minute.") from None
    except (OSError, ValueError):
        raise AddressRefusedError("The address's host cannot be found.") from None
    for number in numbers:
        if not _is_public(number) and not (local_allowed and number.is_loopback):
            raise AddressRefusedError("The address leads into a network that is not public.")
    query = f"?{parts.query}" if parts.query else ""
    return Address(
        parts.scheme, str(numbers[0]), port, f"{parts.path or '/'}{query}", host,
        host if parts.port is None else f"{host}:{parts.port}",
    )  # fmt: skip


def _is_public(number: IPv4Address | IPv6Address) -> bool:
    if isinstance(number, IPv6Address):
        inner = number.ipv4_mapped or number.sixtofour
        if number.teredo or (inner is not None and not _is_public(inner)):
            return False
        # 64:ff9b::/96 leads to IPv4 addresses through a translator.
        if int(number) >> 32 == 0x64FF9B << 64:
            return _is_public(IPv4Address(int(number) & 0xFFFFFFFF))
    return number.is_global and not number.is_multicast
