"""The currency that a workspace reports in, and the exchange rates that it tells us itself."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the setting; create the rates with their policy."""
    op.execute(
        """
        alter table workspaces
            add column reporting_currency text check (reporting_currency ~ '^[A-Z]{3}$');
        create table exchange_rates (
            workspace_id text not null references workspaces (id) on delete cascade,
            base_currency text not null check (base_currency ~ '^[A-Z]{3}$'),
            quote_currency text not null check (quote_currency ~ '^[A-Z]{3}$'),
            day date not null,
            rate numeric(38, 12) not null check (rate > 0),
            told_at timestamptz not null,
            primary key (workspace_id, base_currency, quote_currency, day),
            check (base_currency <> quote_currency)
        );
        alter table exchange_rates enable row level security;
        alter table exchange_rates force row level security;
        create policy exchange_rates_of_workspace on exchange_rates
            using (workspace_id = current_setting('app.workspace_id', true))
            with check (workspace_id = current_setting('app.workspace_id', true));
        grant select, insert, update, delete on exchange_rates to oppulence_app;
        """
    )


def downgrade() -> None:
    """Drop everything of this revision."""
    op.execute("drop table exchange_rates; alter table workspaces drop column reporting_currency")
