"""How does dbt start? As its own command does, but what it parsed holds for any address.

    python -m assets.dbt_start build --select …

dbt parses the whole project anew when anything of its connection to ClickHouse changes, since
models could ask for it. Ours do not (a test holds that), and a parse takes ten seconds and more.
"""

from dbt.adapters.clickhouse.credentials import ClickHouseCredentials

_ALL = ClickHouseCredentials._connection_keys
_ADDRESS = frozenset({"host", "port"})


def forget_addresses() -> None:
    """Leave the address out of what dbt compares before it uses what it parsed; idempotent."""
    ClickHouseCredentials._connection_keys = lambda self: tuple(
        key for key in _ALL(self) if key not in _ADDRESS
    )


if __name__ == "__main__":
    from dbt.cli.main import cli

    forget_addresses()
    cli()
