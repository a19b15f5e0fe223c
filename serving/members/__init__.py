"""Members: who belongs to a workspace, in which role."""
