"""Exchange rates: those that the data holds, and those that a workspace tells."""
