"""What does the API ask of invitations? Statements inside the workspace's transaction, but `OPEN`.

`OPEN` is asked by whoever shows a link: its token's hash is bound as the lookup.
"""

_COLUMNS = "id, email, role, invited_by, created_at, expires_at, accepted_at, revoked_at"

PAGE = f"""
select {_COLUMNS} from invitations where (created_at, id) < (%(after_at)s, %(after_id)s)
order by created_at desc, id desc limit %(limit)s
"""
PENDING = f"""
select {_COLUMNS} from invitations
where accepted_at is null and revoked_at is null and expires_at > %(now)s
order by created_at desc, id desc
"""
LATELY = """
select count(*) as invited from invitations where created_at > %(now)s - interval '1 day'
"""
ACTIVE_MEMBER = "select id from members where email = %s and user_id is not null"
REPLACE = """
update invitations set revoked_at = %(now)s
where email = %(email)s and accepted_at is null and revoked_at is null
"""
FOLLOW = """
update invitations set role = %(role)s
where email = %(email)s and accepted_at is null and revoked_at is null
"""
CREATE = f"""
insert into invitations
    (workspace_id, id, email, role, token_hash, invited_by, created_at, expires_at)
values (%(workspace_id)s, %(id)s, %(email)s, %(role)s, %(token_hash)s, %(invited_by)s, %(now)s,
    %(expires_at)s)
returning {_COLUMNS}
"""
ONE = f"select {_COLUMNS} from invitations where id = %s for update"
REVOKE = f"""
update invitations set revoked_at = %(now)s where id = %(id)s returning {_COLUMNS}
"""
OPEN = f"""
select workspace_id, {_COLUMNS} from invitations
where token_hash = %(token_hash)s and accepted_at is null and revoked_at is null
    and expires_at > %(now)s
"""
ACCEPT = """
update invitations set accepted_at = %(now)s
where id = %(id)s and accepted_at is null and revoked_at is null and expires_at > %(now)s
"""
# A member who was added by address and never signed in gets the role of the invitation; an owner
# stays one, whoever invited: to unmake them takes more than inviting.
JOIN = """
insert into members (workspace_id, id, email, name, role, user_id, created_at, updated_at)
values (%(workspace_id)s, %(member_id)s, %(email)s, %(name)s, %(role)s, %(user_id)s, %(now)s,
    %(now)s)
on conflict (workspace_id, email) do update
    set user_id = excluded.user_id, updated_at = excluded.updated_at,
        role = case when members.user_id is null and members.role <> 'owner'
            then excluded.role else members.role end
returning id, email, role
"""
