"""The inbox's readers: what arrived is applied to Postgres' latest state and to ClickHouse.

    inbox ─► postgres    latest_objects: the newest version of each object          own position
          ─► clickhouse  raw.<provider>_event and the objects' raw tables, batched  own position
    postgres ─► tasks: objects that only the provider can tell ─► refetched ─► the inbox again

Each store has a position per workspace and moves on without the other. An entry that a store does
not take becomes a task: tried again with growing pauses, then a dead letter; its neighbours go on.
Everything is decided by versions, so order, repetition and a kill at any point change nothing.
"""
