"""Does a command that makes a key each time leave one that opens, not a heap of them?"""

from core.clock import utc_now
from core.database import Database
from core.settings import Settings
from core.tenancy import TenantId, new_id
from oppulence.workspaces import ensure_workspace, renew_key
from serving.auth.key_store import find_key, issue_key


def test_a_renewed_key_ends_those_of_its_name_and_no_other(postgres: Settings) -> None:
    tenant, now = TenantId(new_id("ws")), utc_now()
    secret = postgres.required("api_key_secret")
    database = Database.connect(postgres, size=1)
    try:
        ensure_workspace(database, tenant)
        mine, _ = issue_key(database, tenant, "mine", secret=secret, now=now)
        keys = [renew_key(database, tenant, "demo", secret=secret, now=now) for _ in range(3)]
        opens = {
            key: found is not None and found.is_usable(now)
            for key in (mine, *keys)
            for found in [find_key(database, tenant, key, secret=secret, now=now)]
        }
    finally:
        database.close()
    assert list(opens.values()) == [True, False, False, True]
