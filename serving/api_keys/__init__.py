"""API keys: what opens a workspace, and for what."""
