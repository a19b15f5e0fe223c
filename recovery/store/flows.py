"""Which flows are there, and which takes a new episode? A published version never changes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from core.database import Rows
from core.errors import EngineUnavailableError
from recovery.engine.advancing import facts_now, with_propensity
from recovery.engine.episode import Episode, Lookup, Terms
from recovery.flows.conditions import Condition, facts_of, holds, looked_at, wanted
from recovery.flows.document import Flow, flow_of
from recovery.flows.facts import Fact, Facts
from recovery.forecasting import Forecasters
from recovery.known.columns import kept
from recovery.known.looking_up import WarehouseFacts
from recovery.limits import Attempt
from recovery.store.attempts import on_card
from recovery.store.episodes import Held

_LIVE = """
select f.id, f.live_version as version, v.document
from recovery_flows f
join recovery_flow_versions v on v.workspace_id = f.workspace_id and v.flow_id = f.id
    and v.version = f.live_version
where f.workspace_id = %s and f.state = 'live'
order by f.rank, f.created_at, f.id
"""
_VERSION = """
select document from recovery_flow_versions
where workspace_id = %s and flow_id = %s and version = %s
"""
MOST_KEPT = 2_000


class Taken(NamedTuple):
    """The flow that takes an episode, and what its trigger looked at."""

    flow_id: str
    version: int
    flow: Flow
    known: Mapping[str, Fact | None]


class FlowBook:
    """Flows by version, read once: a published version never changes.

    With who forecasts for them, and who looks up what their conditions want of the unified layer.
    """

    def __init__(
        self, forecasters: Forecasters | None = None, lookup: WarehouseFacts | None = None
    ) -> None:
        self._kept: dict[tuple[str, str, int], Flow] = {}
        self._forecasters = forecasters
        self._lookup = lookup

    def terms(self, rows: Rows, held: Held) -> Terms:
        """Return an episode's terms, with who forecasts its tries and what was tried before."""
        made = partial(_tries, rows)
        if self._forecasters is None:
            return replace(held.terms, tries=made, lookup=self._lookup)
        forecaster = self._forecasters(held.episode.workspace_id)
        return replace(held.terms, forecaster=forecaster, tries=made, lookup=self._lookup)

    def lookup_for(self, rows: Rows, due: Sequence[Held], now: datetime) -> Lookup | None:
        """Return what looks facts up for a share of episodes: one reading for all of them."""
        if self._lookup is None:
            return None
        asked = []
        for held in due:
            flow = self.of(rows, held.episode)
            wanted_now = flow.wanted_at(held.episode.step) if flow is not None else frozenset()
            if wanted_now:
                asked.append((held.episode, wanted_now))
        return self._lookup.of_share(asked, now) if asked else self._lookup

    def of(self, rows: Rows, episode: Episode) -> Flow | None:
        """Return the flow that an episode runs on; None where it has none."""
        if episode.flow_id is None or episode.flow_version is None:
            return None
        key = (episode.workspace_id, episode.flow_id, episode.flow_version)
        if key not in self._kept:
            row = rows.execute(_VERSION, list(key)).fetchone()
            if row is None:
                return None
            self._keep(key, row["document"])
        return self._kept[key]

    def taking(self, rows: Rows, episode: Episode) -> Taken | None:
        """Return the first live flow whose trigger takes the episode; None where none does.

        Raises:
            EngineUnavailableError: What a trigger wants to know cannot be read just now.
        """
        facts = facts_now(episode, episode.opened_at)
        for row in rows.execute(_LIVE, [episode.workspace_id]).fetchall():
            key = (episode.workspace_id, row["id"], row["version"])
            if key not in self._kept:
                self._keep(key, row["document"])
            trigger = self._kept[key].trigger
            if episode.cause not in trigger.causes:
                continue
            known: Mapping[str, Fact | None] = {}
            if trigger.when is not None:
                facts = self._asked_by(trigger.when, episode, facts)
                if not holds(trigger.when, facts):
                    continue
                known = kept(looked_at([trigger.when], facts))
            return Taken(row["id"], row["version"], self._kept[key], known)
        return None

    def _asked_by(self, when: Condition, episode: Episode, facts: Facts) -> Facts:
        """Return the facts with what a trigger asks besides."""
        if "propensity" in facts_of(when):
            facts = self._with_propensity(episode, facts)
        asked = wanted([when])
        if not asked or self._lookup is None:
            return facts
        found = self._lookup(episode, asked, episode.opened_at)
        if found is None:
            raise EngineUnavailableError("What a flow's trigger asks cannot be read just now.")
        return {**facts, **found}

    def _with_propensity(self, episode: Episode, facts: Facts) -> Facts:
        """Ask a model only where a trigger does: loading it takes seconds."""
        forecaster = None if self._forecasters is None else self._forecasters(episode.workspace_id)
        return with_propensity(facts, forecaster, episode.opened_at)

    def _keep(self, key: tuple[str, str, int], document: Mapping[str, Any]) -> None:
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[key] = flow_of(document)


def _tries(rows: Rows, episode: Episode) -> list[Attempt]:
    """Return the tries on the card that an episode's next try would take."""
    return on_card(rows, episode, episode.memory.card)
