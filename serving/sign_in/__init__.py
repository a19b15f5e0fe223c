"""How do people sign in? With a mailed code, or at an OpenID Connect issuer; then by a session."""
