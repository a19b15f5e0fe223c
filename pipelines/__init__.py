"""How do providers' objects reach ClickHouse's raw tables? One package per provider, pulled by dlt.

`ingest` is what the command line, Dagster and tests call; `registry` says which providers exist.
"""
