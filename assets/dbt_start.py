"""How does dbt start? As its own command does, but what it parsed holds for any address.

    python -m assets.dbt_start build --select …

dbt parses the whole project anew when anything of its connection to ClickHouse changes, since
models could ask for it. Ours do not (a test holds that), and a parse takes ten seconds and more.
"""

from collections.abc import Callable, Iterable

from dbt.adapters.clickhouse.credentials import ClickHouseCredentials

_ADDRESS = frozenset({"host", "port"})


def forget_addresses() -> None:
    """Leave the address out of what dbt compares before it uses what it parsed; idempotent."""
    every: Callable[[ClickHouseCredentials], Iterable[str]] = ClickHouseCredentials._connection_keys

    def told(credentials: ClickHouseCredentials) -> tuple[str, ...]:
        return tuple(key for key in every(credentials) if key not in _ADDRESS)

    ClickHouseCredentials._connection_keys = told  # type: ignore[method-assign]


if __name__ == "__main__":
    from dbt.cli.main import cli

    forget_addresses()
    cli()
