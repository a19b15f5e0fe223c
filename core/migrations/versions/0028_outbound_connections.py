"""Whose connection an event of ours tells of: it is erased with it, and old ones are found by time.

Events that were written before name it in their body; a flow's webhook steps name their episode.
"""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

# A forced policy hides all rows from the owner too.
CHANGES = """
alter table outbound_events add column connection_id text;
alter table outbound_events no force row level security;
alter table recovery_episodes no force row level security;
update outbound_events set connection_id = body::jsonb #>> '{data,connection_id}'
where body::jsonb #>> '{data,connection_id}' is not null;
update outbound_events told set connection_id = episode.connection_id
from recovery_episodes episode
where told.connection_id is null and episode.workspace_id = told.workspace_id
    and episode.id = told.body::jsonb #>> '{data,episode_id}';
alter table outbound_events force row level security;
alter table recovery_episodes force row level security;
create index outbound_events_oldest on outbound_events (created_at);
create index outbound_deliveries_of_event on outbound_deliveries (workspace_id, event_id);
"""


def upgrade() -> None:
    """Add the column, fill it, and the indexes."""
    op.execute(CHANGES)


def downgrade() -> None:
    """Drop them."""
    op.execute(
        "drop index outbound_deliveries_of_event; drop index outbound_events_oldest;"
        " alter table outbound_events drop column connection_id"
    )
