"""How do providers sign what they send, and what do their deliveries name? One module each."""
