"""A connection's state is written by syncs and by its user; the user's word holds."""

from collections.abc import Iterator

import pytest

from core.connections import ConnectionStore
from core.database import Database
from core.secrets import SecretBox
from core.settings import Settings
from core.tenancy import TenantId, new_id


@pytest.fixture
def store(postgres: Settings) -> Iterator[ConnectionStore]:
    database = Database.connect(postgres, size=2)
    yield ConnectionStore(database, SecretBox.from_keys(postgres.required("encryption_keys")))
    database.close()


def test_a_sync_that_ends_after_its_connection_was_revoked_does_not_revive_it(store):
    tenant = TenantId(new_id("ws"))
    with store.database.tenant(tenant) as rows:
        rows.execute("insert into workspaces (id, name) values (%s, 'test')", [str(tenant)])
    account = {"provider": "stripe", "name": "A", "provider_account_id": "acct_1", "api_url": "u"}
    under_way = store.connect(tenant, **account, credentials={"api_key": "sk_test_1"})
    with store.database.tenant(tenant) as rows:
        store.revoke_within(rows, tenant, under_way.id, "Deleted by the workspace.")
    store.record_status(under_way, "active")
    store.record_status(under_way, "reconsent_required", "Invalid API Key")
    kept = store.get(tenant, under_way.id)
    assert (kept.status, kept.status_reason) == ("revoked", "Deleted by the workspace.")
    assert dict(kept.credentials) == {}
    renewed = store.connect(tenant, **account, credentials={"api_key": "sk_test_2"})
    assert (renewed.id, renewed.status) == (under_way.id, "active")
