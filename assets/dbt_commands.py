"""How do several dbt commands run one after the other? In one process: dbt takes seconds to import.

    python -m assets.dbt_commands '[["build", "--select", "…"], ["build", …]]'

The first that fails ends it, with dbt's exit code. What a `parse` understood of the project is what
the commands after it work on: reading it back from its files takes seconds as well.
"""

import json
import sys

from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest

from assets.dbt_start import forget_addresses


def main(commands: list[list[str]]) -> int:
    """Run the commands in order and return dbt's exit code: 1 is a failed node, 2 all else."""
    forget_addresses()
    runner = dbtRunner()
    for command in commands:
        done = runner.invoke(command)
        if done.exception is not None:
            sys.stdout.write(f"{done.exception}\n")
            return 2
        if not done.success:
            return 1
        if isinstance(done.result, Manifest):
            runner = dbtRunner(manifest=done.result)
    return 0


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
