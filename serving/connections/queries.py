"""What does the API ask of connections? Everything but the sealed credentials."""

_COLUMNS = (
    "id, provider, name, provider_account_id, status, status_reason, created_at, updated_at,"
    " last_synced_at"
)

ALL = f"select {_COLUMNS} from connections order by created_at, id"
ONE = f"select {_COLUMNS} from connections where id = %s for update"
RENAME = f"update connections set name = %s, updated_at = now() where id = %s returning {_COLUMNS}"
