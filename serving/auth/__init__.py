"""Who asks, and may they? Keys, permissions, and the scope that every handler of /v1 receives."""
