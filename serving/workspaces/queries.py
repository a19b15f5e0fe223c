"""What does the API ask of workspaces? Row-level security shows the caller's own alone."""

_COLUMNS = "id, name, requests_per_minute, reporting_currency, created_at, updated_at"

ALL = f"select {_COLUMNS} from workspaces order by id"
ONE = f"select {_COLUMNS} from workspaces where id = %s for update"
CHANGE = f"""
update workspaces
set name = %(name)s, reporting_currency = %(reporting_currency)s, updated_at = %(now)s
where id = %(id)s returning {_COLUMNS}
"""
