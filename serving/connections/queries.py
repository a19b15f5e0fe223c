"""What does the API ask of connections? Everything but the sealed credentials."""

_COLUMNS = (
    "id, provider, name, provider_account_id, status, status_reason, created_at, updated_at,"
    " last_synced_at, consent_expires_at, case when status <> 'revoked' or erase_requested_at is"
    " null then 'kept' when erased_at is null then 'erasing' else 'erased' end as data"
)

# Oldest first: what is connected meanwhile comes behind what was seen.
PAGE = f"""
select {_COLUMNS} from connections
where (created_at, id) > (%(after_at)s, %(after_id)s)
  and (%(provider)s::text is null or provider = %(provider)s)
  and (%(status)s::text is null or status = %(status)s)
order by created_at, id
limit %(limit)s
"""
ONE = f"select {_COLUMNS} from connections where id = %s"
HELD = f"{ONE} for update"
RENAME = f"update connections set name = %s, updated_at = now() where id = %s returning {_COLUMNS}"
CONSENTED = "update connections set consent_expires_at = %s where id = %s"
# For good: an account that is connected again gets a connection of its own.
ERASE = """
update connections set erase_requested_at = %(asked_at)s where id = %(id)s
"""
