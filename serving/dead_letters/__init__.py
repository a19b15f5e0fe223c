"""Dead letters: events that could not be applied, why, and trying them again."""
