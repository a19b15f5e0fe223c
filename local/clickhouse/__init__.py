"""Which process owns the embedded ClickHouse, and how do others reach it?

chDB lets exactly one process own a data folder. The gateway is that process: it serves
ClickHouse's HTTP interface on loopback, so that every client that speaks to a server speaks
to the embedded engine unchanged. Start it with ``python -m local.clickhouse --help``; nothing
here is meant to be imported, because the engine must live in a process of its own.
"""
