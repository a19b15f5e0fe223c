"""Whoever remembers a key is told when the key, or its workspace's limit, is no longer the same.

A notice per change, to every process that listens, with the workspace's id: what changed is read
from the tables, under row-level security as ever. Uses of a key are no changes.
"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Tell of changes from here on."""
    op.execute(
        """
        create function tell_access_change() returns trigger language plpgsql as $$
        begin
            perform pg_notify('oppulence_access', to_jsonb(old) ->> tg_argv[0]);
            return null;
        end $$;
        create trigger access_changes after delete or update of
            key_hash, scopes, environment, kind, name, expires_at, revoked_at, replaced_by
            on api_keys for each row execute function tell_access_change('workspace_id');
        create trigger access_changes after delete or update of requests_per_minute
            on workspaces for each row execute function tell_access_change('id');
        """
    )


def downgrade() -> None:
    """Tell no more."""
    op.execute(
        "drop trigger access_changes on workspaces; drop trigger access_changes on api_keys;"
        " drop function tell_access_change()"
    )
