"""Which tokens and Items are there? Kept in one file, which outlives restarts."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from sandbox.plaid import ACCESS_TOKEN
from sandbox.plaid.errors import invalid_input, item_error
from sandbox.plaid.institutions import CASCADE


@dataclass(slots=True)
class Item:
    """A login at a bank; `salt` makes its ids its own, and is empty for the first Item."""

    id: str
    access_token: str
    institution_id: str
    products: list[str]
    created_at: int
    salt: str
    needs_login: bool = False
    webhook: str = ""


@dataclass(slots=True)
class LinkToken:
    """What Link was asked to do, and what the user did there."""

    token: str
    created_at: int
    request: dict[str, Any]
    public_token: str = ""
    finished_at: int | None = None


@dataclass(slots=True)
class Held:
    """Everything that the sandbox has handed out."""

    items: dict[str, Item] = field(default_factory=dict)
    links: dict[str, LinkToken] = field(default_factory=dict)
    # Public token to access token; each is exchanged once.
    public: dict[str, str] = field(default_factory=dict)


class Items:
    """The sandbox's tokens."""

    def __init__(self, folder: Path, at: int) -> None:
        """Open the folder's; the first Item is there from the start."""
        self.file = folder / "items.json"
        self.held = Held()
        if self.file.exists():
            kept = json.loads(self.file.read_text())
            self.held = Held(
                {name: Item(**value) for name, value in kept["items"].items()},
                {name: LinkToken(**value) for name, value in kept["links"].items()},
                kept["public"],
            )
        else:
            first = Item(
                "item_northwind_1", ACCESS_TOKEN, CASCADE.id, list(CASCADE.products), at, ""
            )
            self.held.items[ACCESS_TOKEN] = first
            self.save()

    def save(self) -> None:
        """Write everything down."""
        fresh = self.file.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(self.held)))
        fresh.replace(self.file)

    def open(self, access_token: object) -> Item:
        """The Item of an access token."""
        if not isinstance(access_token, str) or not access_token.startswith("access-sandbox-"):
            raise invalid_input(
                "INVALID_ACCESS_TOKEN",
                "provided access token is in an invalid format. expected format: "
                "access-<environment>-<identifier>",
            )
        item = self.held.items.get(access_token)
        if item is None:
            raise item_error(
                "ITEM_NOT_FOUND",
                "The Item you requested cannot be found. This Item does not exist, has been "
                "previously removed via /item/remove, or has had access removed by the user.",
            )
        return item

    def add(self, institution_id: str, products: list[str], at: int) -> str:
        """Make an Item and return the public token that opens it once."""
        name = uuid4().hex
        item = Item(
            f"item{name[:32]}", f"access-sandbox-{uuid4()}", institution_id, products, at, name[:8]
        )
        public = f"public-sandbox-{uuid4()}"
        self.held.items[item.access_token] = item
        self.held.public[public] = item.access_token
        self.save()
        return public

    def exchange(self, public_token: object) -> Item:
        """The Item of a public token, which ends."""
        access = self.held.public.pop(public_token, None) if isinstance(public_token, str) else None
        if access is None:
            raise invalid_input("INVALID_PUBLIC_TOKEN", "could not find matching public token")
        self.save()
        return self.held.items[access]

    def remove(self, item: Item) -> None:
        """Forget an Item."""
        del self.held.items[item.access_token]
        self.save()
