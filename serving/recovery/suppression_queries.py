"""What is asked of suppressions? Postgres statements inside the workspace's transaction."""

COLUMNS = "channel, address_hash, reason, created_at, told_by, episode_id"
PAGE = f"""
select {COLUMNS} from recovery_suppressions
where (created_at, channel, address_hash) < (%(after_at)s, %(after_channel)s, %(after_name)s)
  and (%(channel)s::text is null or channel = %(channel)s)
  and (%(reason)s::text is null or reason = %(reason)s)
  and (%(address_hash)s::text is null or address_hash = %(address_hash)s)
order by created_at desc, channel desc, address_hash desc
limit %(limit)s
"""
ONE = f"""
select {COLUMNS} from recovery_suppressions
where channel = %(channel)s and address_hash = %(address_hash)s
"""
LOCK = f"{ONE} for update"
RELEASE = """
delete from recovery_suppressions
where channel = %(channel)s and address_hash = %(address_hash)s
"""
