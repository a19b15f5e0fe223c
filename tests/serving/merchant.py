"""A merchant at their pages: signed in, in a workspace of their own with episodes made by hand."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
from psycopg.types.json import Jsonb

from core.clock import utc_now
from core.connections import ConnectionStore
from core.database import Database, Rows
from core.secrets import SecretBox
from core.settings import Settings
from core.tenancy import TenantId, new_id
from tests.mailbox import Mailbox
from tests.serving.visitor import Visitor, new_address


@dataclass
class Merchant:
    """A visitor who owns a workspace, what is in it, and the address of its recovery pages."""

    visitor: Visitor
    database: Database
    settings: Settings
    tenant: TenantId
    email: str
    colleagues: list["Merchant"] = field(default_factory=list)

    @classmethod
    def arrive(cls, url: str, mailbox: Mailbox, database: Database, settings: Settings) -> Any:
        """Sign in as somebody new."""
        visitor, email = Visitor(url, mailbox), new_address("merchant")
        visitor.sign_in(email)
        return cls(visitor, database, settings, TenantId(visitor.own_workspace()), email)

    @property
    def base(self) -> str:
        return f"/workspaces/{self.tenant}/recovery"

    def colleague(self, role: str) -> "Merchant":
        """Have somebody join the workspace."""
        other, email = Visitor(self.visitor.url, self.visitor.mailbox), new_address(role)
        workspace = str(self.tenant)
        invited = {"email": email, "role": role}
        made = self.visitor.api("POST", "/v1/invitations", workspace, json=invited)
        assert made.status_code == 201, made.text
        link = re.search(r"http://[^/]+(/invitation\?token=\S+)", other.mailbox.newest(email))
        assert link is not None
        asked = other.submit(other.open(link[1]), "/sign_in", email=email)
        back = other.submit(asked, "/sign_in/code", code=other.code_for(email))
        other.submit(back, "/invitation")
        self.colleagues.append(Merchant(other, self.database, self.settings, self.tenant, email))
        return self.colleagues[-1]

    def open(self, path: str = "") -> httpx.Response:
        return self.visitor.open(self.base + path)

    def submit(self, page: httpx.Response, path: str, **fields: str) -> httpx.Response:
        return self.visitor.submit(page, self.base + path, **fields)

    @contextmanager
    def rows(self) -> Iterator[Rows]:
        with self.database.tenant(self.tenant) as rows:
            yield rows

    def connect(self, name: str = "Northwind", *, is_enabled: bool = True) -> str:
        """Connect a Stripe account, with recovery switched on."""
        box = SecretBox.from_keys(self.settings.required("encryption_keys"))
        made = ConnectionStore(self.database, box).connect(
            self.tenant, provider="stripe", name=name, provider_account_id=new_id("acct"),
            api_url="http://127.0.0.1:9", credentials={"api_key": "sk_test"},
        )  # fmt: skip
        if is_enabled:
            with self.rows() as rows:
                rows.execute(
                    "insert into recovery_settings values (%s, %s, true, 'oppulence',"
                    " 'Europe/Dublin', %s, %s)",
                    [str(self.tenant), made.id, utc_now(), utc_now()],
                )
        return made.id

    def episode(self, connection_id: str, episode_id: str, **given: Any) -> str:
        """Put an episode into the workspace; what is given overrides an open renewal of 49.00."""
        now = utc_now()
        values: dict[str, Any] = {
            "workspace_id": str(self.tenant), "id": episode_id, "connection_id": connection_id,
            "subject_kind": "invoice", "subject_id": f"in_{episode_id}", "cause": "renewal",
            "customer_id": f"cus_{episode_id}", "subscription_id": "", "amount_minor": 4900,
            "currency": "EUR", "facts": {}, "flow_id": None, "flow_version": None, "step": "",
            "state": "running", "outcome": "", "reason": "", "recovered_minor": 0,
            "recovered_by": "", "memory": {}, "revision": 0, "awaits": "", "due_at": None,
            "opened_at": now, "ended_at": None, "updated_at": now,
        } | given  # fmt: skip
        if values["outcome"]:
            values["state"] = "ended"
            values["ended_at"] = values["ended_at"] or now
        with self.rows() as rows:
            insert(rows, "recovery_episodes", values)
        return episode_id

    def flow(self, flow_id: str, document: dict[str, Any], **given: Any) -> str:
        """Publish a flow as its version 1."""
        now, tenant = utc_now(), str(self.tenant)
        with self.rows() as rows:
            insert(rows, "recovery_flows", {
                "workspace_id": tenant, "id": flow_id, "name": document["name"], "state": "live",
                "rank": 1, "draft": document, "live_version": 1, "last_version": 1,
                "created_at": now, "updated_at": now, **given,
            })  # fmt: skip
            insert(rows, "recovery_flow_versions", {
                "workspace_id": tenant, "flow_id": flow_id, "version": 1, "document": document,
                "published_at": now, "published_by": "a test",
            })  # fmt: skip
        return flow_id

    def task(self, episode_id: str, instruction: str, **given: Any) -> str:
        """Have a flow ask a person for something."""
        task_id = given.pop("id", new_id("task"))
        with self.rows() as rows:
            insert(rows, "recovery_tasks", {
                "workspace_id": str(self.tenant), "id": task_id, "episode_id": episode_id,
                "instruction": instruction, "created_at": utc_now(), **given,
            })  # fmt: skip
        return task_id

    def close(self) -> None:
        for one in self.colleagues:
            one.close()
        self.visitor.close()


def insert(rows: Rows, table: str, values: dict[str, Any]) -> None:
    """Write a row; mappings become JSON."""
    kept = [Jsonb(value) if isinstance(value, dict) else value for value in values.values()]
    places = ", ".join(["%s"] * len(kept))
    rows.execute(f"insert into {table} ({', '.join(values)}) values ({places})", kept)  # type: ignore[arg-type]


def days_ago(number: float) -> datetime:
    return utc_now() - timedelta(days=number)
