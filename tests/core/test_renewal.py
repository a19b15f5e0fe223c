"""Guards refresh tokens that roll: whoever renews, nobody loses the only valid one."""

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.connections import Connection, ConnectionStore
from core.database import Database
from core.errors import NotFoundError
from core.secrets import SecretBox
from core.settings import Settings
from core.tenancy import TenantId, new_id


class RollingServer:
    """Gives a new refresh token for the last one alone, and ends that."""

    def __init__(self) -> None:
        self.valid, self.asked = "refresh_0", 0
        self.lock = threading.Lock()

    def refresh(self, held: Mapping[str, str]) -> Mapping[str, str]:
        with self.lock:
            if held["refresh_token"] != self.valid:
                raise PermissionError("invalid_grant")
            self.asked += 1
            self.valid = f"refresh_{self.asked}"
            return {"access_token": f"access_{self.asked}", "refresh_token": self.valid}


@pytest.fixture
def store(postgres: Settings) -> Iterator[ConnectionStore]:
    database = Database.connect(postgres, size=8)
    yield ConnectionStore(database, SecretBox.from_keys(postgres.required("encryption_keys")))
    database.close()


@pytest.fixture
def connection(store: ConnectionStore) -> Connection:
    tenant = TenantId(new_id("ws"))
    with store.database.tenant(tenant) as rows:
        rows.execute("insert into workspaces (id, name) values (%s, 'test')", [str(tenant)])
    return store.connect(
        tenant, provider="quickbooks", name="A", provider_account_id="1", api_url="u",
        credentials={"access_token": "access_0", "refresh_token": "refresh_0"},
    )  # fmt: skip


def test_many_workers_at_once_ask_the_provider_once(store, connection):
    server, together = RollingServer(), threading.Barrier(6)

    def work(_: int) -> Connection:
        read = store.get(connection.tenant, connection.id)
        together.wait(30)
        return store.renew_credentials(read, server.refresh)

    with ThreadPoolExecutor(6) as workers:
        found = list(workers.map(work, range(6)))
    assert server.asked == 1
    newest = {"access_token": "access_1", "refresh_token": "refresh_1"}
    assert [dict(one.credentials) for one in found] == [newest] * 6
    assert dict(store.get(connection.tenant, connection.id).credentials) == newest


def test_what_is_returned_renews_again_and_what_was_read_before_does_not(store, connection):
    server = RollingServer()
    once = store.renew_credentials(connection, server.refresh)
    assert store.renew_credentials(connection, server.refresh).credentials == once.credentials
    twice = store.renew_credentials(once, server.refresh)
    assert (server.asked, twice.credentials["refresh_token"]) == (2, "refresh_2")


def test_a_refusal_leaves_what_was_stored(store, connection):
    server = RollingServer()
    server.valid = "refresh_of_somebody_else"
    with pytest.raises(PermissionError):
        store.renew_credentials(connection, server.refresh)
    assert store.get(connection.tenant, connection.id).credentials == connection.credentials
    server.valid = "refresh_0"
    assert store.renew_credentials(connection, server.refresh).credentials["access_token"]


def test_a_revoked_connection_is_not_renewed(store, connection):
    with store.database.tenant(connection.tenant) as rows:
        store.revoke_within(rows, connection.tenant, connection.id, "by its user")
    read = store.get(connection.tenant, connection.id)
    server = RollingServer()
    assert store.renew_credentials(read, server.refresh).status == "revoked"
    assert server.asked == 0


def test_a_connection_of_another_workspace_is_not_found(store, connection):
    other = TenantId(new_id("ws"))
    stranger = Connection(other, connection.id, "quickbooks", "A", "1", "u", {})
    with pytest.raises(NotFoundError):
        store.renew_credentials(stranger, RollingServer().refresh)
