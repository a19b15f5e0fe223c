"""How is an episode a row, and a row an episode?"""

import json
from collections.abc import Mapping
from typing import Any

from recovery.engine.episode import Episode, Memory
from recovery.flows.facts import Fact, Facts

EPISODE_COLUMNS = (
    "workspace_id", "id", "connection_id", "subject_kind", "subject_id", "cause", "customer_id",
    "subscription_id", "amount_minor", "currency", "facts", "flow_id", "flow_version", "step",
    "state", "outcome", "reason", "recovered_minor", "recovered_by", "memory", "revision",
    "awaits", "due_at", "opened_at", "ended_at",
)  # fmt: skip
SELECTED = ", ".join(f"e.{name}" for name in EPISODE_COLUMNS)


def episode_of(row: Mapping[str, Any]) -> Episode:
    """Return the episode of a row that has at least `EPISODE_COLUMNS`."""
    values = {name: row[name] for name in EPISODE_COLUMNS}
    values["facts"] = read_facts(row["facts"])
    values["memory"] = Memory(**row["memory"])
    return Episode(**values)


def read_facts(kept: Mapping[str, Any]) -> Facts:
    """Return facts as they were before they became JSON."""
    return {name: _fact(value) for name, value in kept.items()}


def facts_json(facts: Facts) -> str:
    """Return facts as JSON."""
    return json.dumps(dict(facts), sort_keys=True)


def memory_kept(memory: Memory) -> dict[str, Any]:
    """Return what is kept of a memory: what is as at the beginning is left out."""
    return {
        name: value for name, empty in _EMPTY.items() if (value := getattr(memory, name)) != empty
    }


def memory_json(memory: Memory) -> str:
    """Return it as JSON."""
    return json.dumps(memory_kept(memory))


# Copying every value (asdict) was an eighth of the engine's time.
_EMPTY = {name: getattr(Memory(), name) for name in Memory.__dataclass_fields__}


def _fact(value: Any) -> Fact:
    read: Fact = tuple(value) if isinstance(value, list) else value
    return read
