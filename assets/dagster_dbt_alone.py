"""How is dagster-dbt loaded without dbt? As where dbt-core is not installed, which it provides for.

dbt runs in a process of its own here, and its manifest is a file: of dbt itself dagster-dbt takes
the names of a few statuses. Importing it for those costs 60 MB and up to 4 s, in the code server
and in every run, so it is hidden for as long as dagster-dbt is imported. What the tree uses of
dagster-dbt is imported from here, and nowhere else before.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _dbt_hidden() -> Iterator[None]:
    if "dbt" in sys.modules:  # someone has paid for it already
        yield
        return
    sys.modules["dbt"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["dbt"]


with _dbt_hidden():
    from dagster_dbt import DagsterDbtTranslator, DbtCliInvocation, DbtProject, dbt_assets
    from dagster_dbt.asset_utils import get_updated_cli_invocation_params_for_context
    from dagster_dbt.errors import DagsterDbtCliRuntimeError

__all__ = [
    "DagsterDbtCliRuntimeError",
    "DagsterDbtTranslator",
    "DbtCliInvocation",
    "DbtProject",
    "dbt_assets",
    "get_updated_cli_invocation_params_for_context",
]
