"""A connection's state is written by syncs and by its user; the user's word holds."""

from collections.abc import Iterator

import pytest

from core.connections import Connection, ConnectionStore
from core.database import Database
from core.secrets import SecretBox, SecretUnreadableError, generate_key
from core.settings import Settings
from core.tenancy import TenantId, new_id


@pytest.fixture
def store(postgres: Settings) -> Iterator[ConnectionStore]:
    database = Database.connect(postgres, size=2)
    yield ConnectionStore(database, SecretBox.from_keys(postgres.required("encryption_keys")))
    database.close()


ACCOUNT = {"provider": "stripe", "name": "A", "api_url": "u"}


def workspace(store: ConnectionStore) -> TenantId:
    tenant = TenantId(new_id("ws"))
    with store.database.tenant(tenant) as rows:
        rows.execute("insert into workspaces (id, name) values (%s, 'test')", [str(tenant)])
    return tenant


def connected(store: ConnectionStore, tenant: TenantId, account: str, key: str) -> Connection:
    return store.connect(
        tenant, **ACCOUNT, provider_account_id=account, credentials={"api_key": key}
    )


def test_a_secret_that_does_not_open_costs_its_own_connection_alone(store):
    tenant = workspace(store)
    another_key = ConnectionStore(store.database, SecretBox.from_keys(generate_key()))
    lost = connected(another_key, tenant, "acct_lost", "sk_test_lost")
    good = connected(store, tenant, "acct_good", "sk_test_good")
    found = {c.id: c for c in store.of(tenant)}
    assert dict(found[good.id].credentials) == {"api_key": "sk_test_good"}
    assert found[good.id].unreadable() == ""
    assert found[lost.id].unreadable() == (
        "A stored credential was sealed with a key that is not configured."
        " Put the earlier key back at the end of OPPULENCE_ENCRYPTION_KEYS."
    )
    with pytest.raises(SecretUnreadableError):
        found[lost.id].credentials.get("api_key")
    store.record_status(found[lost.id], "degraded", found[lost.id].unreadable())
    assert store.get(tenant, lost.id).status == "degraded"


def test_who_reads_no_credentials_opens_none(store):
    tenant = workspace(store)
    mine = connected(store, tenant, "acct_1", "sk_test_1")
    without_key = ConnectionStore(store.database, SecretBox.from_keys(generate_key()))
    assert [(c.key, c.status) for c in without_key.of(tenant)] == [(mine.key, "active")]
    assert "sk_test_1" not in repr(store.get(tenant, mine.id).credentials)


def test_a_refused_key_says_nothing_about_the_one_that_replaced_it_meanwhile(store):
    tenant = workspace(store)
    under_way = connected(store, tenant, "acct_1", "sk_test_old")
    renewed = connected(store, tenant, "acct_1", "sk_test_new")
    assert renewed.id == under_way.id
    told = store.record_status(under_way, "reconsent_required", "Invalid API Key")
    assert (told.status, store.get(tenant, renewed.id).status) == ("active", "active")
    told = store.record_status(renewed, "reconsent_required", "Expired API Key")
    kept = store.get(tenant, renewed.id)
    assert (told.status, kept.status_reason) == ("reconsent_required", "Expired API Key")
    # What it brought still counts, with whichever key: only the key's verdict is the key's own.
    assert store.record_status(under_way, "degraded", "charges: 500").status == "degraded"


def test_a_refusal_after_we_renewed_the_token_ourselves_is_of_the_same_consent(store):
    tenant = workspace(store)
    under_way = connected(store, tenant, "acct_1", "token_1")
    renewed = store.renew_credentials(under_way, lambda held: {"api_key": held["api_key"] + "b"})
    assert dict(renewed.credentials) == {"api_key": "token_1b"}
    store.record_status(under_way, "reconsent_required", "The app was removed.")
    assert store.get(tenant, renewed.id).status == "reconsent_required"


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
