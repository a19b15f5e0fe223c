"""What does the API ask of workspaces? Row-level security shows the caller's own alone."""

_COLUMNS = "id, name, requests_per_minute, created_at, updated_at"

ALL = f"select {_COLUMNS} from workspaces order by id"
ONE = f"select {_COLUMNS} from workspaces where id = %s for update"
RENAME = f"update workspaces set name = %s, updated_at = %s where id = %s returning {_COLUMNS}"
