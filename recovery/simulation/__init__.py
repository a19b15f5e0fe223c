"""What would a draft have done with past failures? The engine itself, on virtual time."""
