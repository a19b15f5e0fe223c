"""What do assets, checks and sensors work with? Settings and clients, built when a run starts.

The resources are functions, not `ConfigurableResource` fields: what they are built from are URLs
with passwords in them, and Dagster shows and stores the fields of a resource. A caller in the same
process (the command line, a test) passes its own way of reading the settings.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dagster import InitResourceContext, ResourceDefinition, resource

from assets.progress import SILENT, Listener
from core.connections import ConnectionStore
from core.database import Database
from core.secrets import SecretBox
from core.settings import Settings, load_settings
from core.warehouse import Warehouse

if TYPE_CHECKING:
    from obstore.store import ObjectStore

    from assets.dbt_cli import DbtCli


def build_resources(
    read_settings: Callable[[], Settings] = load_settings, listener: Listener = SILENT
) -> Mapping[str, ResourceDefinition]:
    """Return the resources; nothing is read or opened before a run or a tick asks for it."""

    @resource(description="The platform's settings, read from the environment when a run starts.")
    def settings(_: InitResourceContext) -> Settings:
        return read_settings()

    @resource(description="A pooled client of ClickHouse.")
    def warehouse(_: InitResourceContext) -> Iterator[Warehouse]:
        client = Warehouse.connect(read_settings())
        try:
            yield client
        finally:
            client.close()

    @resource(description="The provider connections of every workspace, under the system role.")
    def connections(_: InitResourceContext) -> Iterator[ConnectionStore]:
        with open_connections(read_settings()) as store:
            yield store

    @resource(description="Postgres under the system role, for what is of every workspace.")
    def system_database(_: InitResourceContext) -> Iterator[Database]:
        database = Database.connect(read_settings(), role="system", size=2)
        try:
            yield database
        finally:
            database.close()

    @resource(description="The object store, where trained models are.")
    def objects(_: InitResourceContext) -> "ObjectStore":
        from core.objects import connect_objects

        return connect_objects(read_settings())

    @resource(description="The dbt project and the environment in which it runs.")
    def dbt(_: InitResourceContext) -> "DbtCli":
        from assets.dbt_cli import DbtCli

        return DbtCli(read_settings())

    @resource(description="Who hears of a run's progress: the caller in the same process.")
    def progress(_: InitResourceContext) -> Listener:
        return listener

    return {
        "settings": settings,
        "warehouse": warehouse,
        "connections": connections,
        "system_database": system_database,
        "objects": objects,
        "dbt": dbt,
        "progress": progress,
    }


@contextmanager
def open_connections(settings: Settings) -> Iterator[ConnectionStore]:
    """Open the store of connections under the system role, which sees every workspace."""
    database = Database.connect(settings, role="system", size=2)
    try:
        yield ConnectionStore(database, SecretBox.from_keys(settings.required("encryption_keys")))
    finally:
        database.close()
