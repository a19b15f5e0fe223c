"""What do the tests of orchestration start from? Real engines and a workspace of their own."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from dagster import DagsterInstance

from core.connections import Connection, ConnectionStore
from core.database import Database
from core.secrets import SecretBox
from core.settings import Settings
from core.tenancy import TenantId, new_id
from sandbox.process import RunningSandbox


@dataclass(frozen=True)
class Workspace:
    """A workspace with nobody else's connections in it."""

    tenant: TenantId
    store: ConnectionStore
    sandbox: RunningSandbox

    def connect(self, account: str, key: str) -> Connection:
        """Connect one of the sandbox's accounts."""
        return self.store.connect(
            self.tenant,
            provider="stripe",
            name=account,
            provider_account_id=account,
            api_url=self.sandbox.url,
            credentials={"api_key": key},
        )


@pytest.fixture(scope="session")
def engines(engines: Settings) -> Settings:
    """The session's engines, for runs that ask the sandbox as fast as it answers."""
    return engines.model_copy(update={"stripe_requests_per_second": 1000.0})


@pytest.fixture
def workspace(engines: Settings, stripe_sandbox: RunningSandbox) -> Iterator[Workspace]:
    database = Database.connect(engines, size=2)
    tenant = TenantId(new_id("ws"))
    with database.tenant(tenant) as rows:
        rows.execute("insert into workspaces (id, name) values (%s, 'test')", [str(tenant)])
    box = SecretBox.from_keys(engines.required("encryption_keys"))
    yield Workspace(tenant, ConnectionStore(database, box), stripe_sandbox)
    database.close()


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    with DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral
