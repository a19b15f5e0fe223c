"""What happens to an episode next? Pure functions: (episode, flow, facts, now) to a transition."""
