"""How is a connection's data removed from ClickHouse? Table by table, by workspace and connection.

Every table of the four databases that has both columns is asked, whatever feeds it, so a new model
is covered by being there. The rows are out of every answer when this returns; their bytes leave the
disk with ClickHouse's next merges of those parts.
"""

from core.errors import InvalidInputError
from core.tenancy import CONNECTION_PATTERN, TenantId
from core.warehouse import Warehouse

DATABASES = ("raw", "staging", "unified", "marts")
_TABLES = """
select c.database || '.' || c.table as name
from system.columns c
inner join system.tables t on t.database = c.database and t.name = c.table
where c.database in {databases:Array(String)} and t.engine like '%MergeTree'
  and c.name in ('workspace_id', 'connection_id')
group by name
having count() = 2
order by name
"""


def erase_connection(warehouse: Warehouse, tenant: TenantId, connection_id: str) -> dict[str, int]:
    """Remove the connection's rows; return how many each table still held.

    Raises:
        InvalidInputError: The id is not a connection's.
        EngineUnavailableError: ClickHouse does not answer; asking again goes on.
    """
    if not CONNECTION_PATTERN.fullmatch(connection_id):
        raise InvalidInputError(f"{connection_id!r} is not a connection id (conn_…).")
    # Both texts are of letters, digits and underscores alone: nothing in them to escape.
    owned = f"workspace_id = '{tenant}' and connection_id = '{connection_id}'"
    erased: dict[str, int] = {}
    for table in warehouse.rows(_TABLES, {"databases": list(DATABASES)}):
        name = str(table["name"])
        (held,) = warehouse.rows(f"select count() as rows_held from {name} where {owned}")
        if held["rows_held"]:
            warehouse.command(f"delete from {name} where {owned}")
            erased[name] = int(held["rows_held"])
    return erased
