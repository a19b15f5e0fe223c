"""The HTTP application: authenticated, scoped reads of unified and marts, and actions upon them."""
