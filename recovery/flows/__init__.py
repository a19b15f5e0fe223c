"""A flow is a versioned JSON document: what starts it, its steps, its limits, how it ends."""
