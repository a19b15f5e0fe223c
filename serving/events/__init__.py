"""Events: what providers have said, kept verbatim for good; read, replayed in place or beside."""
