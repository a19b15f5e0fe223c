"""What does the API ask of members? Postgres statements inside the workspace's transaction."""

_COLUMNS = "id, email, name, role, user_id, created_at, updated_at"

ALL = f"select {_COLUMNS} from members order by created_at, id"
PAGE = f"""
select {_COLUMNS} from members where (created_at, id) > (%(after_at)s, %(after_id)s)
order by created_at, id limit %(limit)s
"""
ONE = f"select {_COLUMNS} from members where id = %s for update"
ADD = f"""
insert into members (workspace_id, id, email, name, role, created_at, updated_at)
values (%(workspace_id)s, %(id)s, %(email)s, %(name)s, %(role)s, %(now)s, %(now)s)
on conflict (workspace_id, email) do nothing
returning {_COLUMNS}
"""
CHANGE_ROLE = f"""
update members set role = %(role)s, updated_at = %(now)s where id = %(id)s returning {_COLUMNS}
"""
REMOVE = "delete from members where id = %s"
# Locked, so that two owners who step down at the same time do so one after the other.
OWNERS = """
select id, user_id is not null as has_signed_in from members where role = 'owner' for update
"""
