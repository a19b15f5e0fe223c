"""Where episodes live: Postgres tables of the workspace, written a transition at a time."""
