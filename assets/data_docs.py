"""How are the suites' results shown? One page per provider, and one that leads to them.

Self-contained HTML, written beside the other objects (`core.objects`) after every run and shown by
the API at `/data-docs/` to the operator; every check in Dagster links to it. Great Expectations'
own pages load styles and scripts from elsewhere, which a closed network does not have. Counts and
names alone: no value of a row is in a result.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import obstore
from jinja2 import Environment, StrictUndefined
from obstore.store import ObjectStore

from core.objects import connect_objects
from core.settings import Settings

FOLDER = "data_docs"
ADDRESS = "/data-docs"
KEPT_RUNS = 30
_PAGE = Path(__file__).with_name("data_docs.html")
_WORDS = {
    "expect_table_columns_to_match_set": "has the raw contract's columns and those that follow",
    "expect_column_values_to_not_be_null": "{column} is never missing or unreadable",
    "expect_column_values_to_not_be_in_set": "{column} is never empty",
    "expect_column_values_to_be_in_set": "{column} is one of {value_set}",
    "expect_column_values_to_be_between": "{column} is between {min_value} and {max_value}",
    "expect_column_value_lengths_to_equal": "{column} has {value} letters",
    "expect_table_row_count_to_be_between": "has at least {min_value} row",
    "expect_column_max_to_be_between": "was read within two days",
}
_VOLUME = "a day's volume is within {max_value:g} usual spreads of the same weekday's median"
_SECONDS = 10**6  # versions are microseconds


@dataclass(frozen=True, slots=True)
class SuiteResult:
    """A table's suite as it ran: Great Expectations' results as plain data."""

    table: str
    results: Sequence[Mapping[str, Any]]

    @property
    def failed(self) -> int:
        """How many expectations are not met."""
        return sum(not result["success"] for result in self.results)

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Each expectation in words, what was found, and whether it is met."""
        return [
            {
                "expected": in_words(result["expectation_config"]),
                "found": found_words(result),
                "is_met": result["success"],
            }
            for result in self.results
        ]


def in_words(config: Mapping[str, Any]) -> str:
    """Return what an expectation asks, as a sentence."""
    kwargs = dict(config["kwargs"])
    if kwargs.get("column") == "volume":
        return _VOLUME.format_map(kwargs)
    if kwargs.get("column") == "version":
        moments = (kwargs["min_value"], kwargs["max_value"])
        kwargs["min_value"], kwargs["max_value"] = (_day(moment) for moment in moments)
    if "value_set" in kwargs:
        kwargs["value_set"] = ", ".join(map(str, kwargs["value_set"]))
    for name in ("min_value", "max_value"):
        if isinstance(kwargs.get(name), int):
            kwargs[name] = f"{kwargs[name]:,}"
    sentence = _WORDS.get(str(config["type"]), str(config["type"]))
    return sentence.format_map(kwargs)


def found_words(result: Mapping[str, Any]) -> str:
    """Return what was found, in words that hold no value of a row."""
    found = result.get("result") or {}
    if "unexpected_count" in found:
        return f"{found['unexpected_count']} of {found.get('element_count', '?')} rows"
    if isinstance(found.get("observed_value"), list):
        return f"{len(found['observed_value'])} columns"
    if result["expectation_config"]["kwargs"].get("column") == "seen_at" and found:
        moment = found.get("observed_value")
        return f"last on {_day(int(moment))}" if moment else "never"
    if "observed_value" in found:
        return f"observed {found['observed_value']}"
    return "could not run; see the run's log"


def publish(settings: Settings, provider: str, suites: Sequence[SuiteResult], now: datetime) -> str:
    """Write a provider's page and the one that leads to all; return the page's address."""
    store = connect_objects(settings)
    runs = _known(store, provider)
    runs.append(
        {
            "at": f"{now:%Y-%m-%d %H:%M} UTC",
            "expectations": sum(len(suite.results) for suite in suites),
            "failed": sum(suite.failed for suite in suites),
        }
    )
    runs = runs[-KEPT_RUNS:]
    _put(store, f"{provider}.json", json.dumps(runs))
    page = _filled(title=f"{provider}: data docs", provider=provider, suites=suites, runs=runs)
    _put(store, f"{provider}.html", page)
    # The pages that are there, whichever provider was checked last.
    found = [item["path"] for batch in obstore.list(store, FOLDER) for item in batch]
    known = sorted(Path(path).stem for path in found if path.endswith(".json"))
    newest = {name: _known(store, name)[-1] for name in known}
    _put(store, "index.html", _filled(title="Data docs", provider="", newest=newest))
    return f"{settings.public_address}{ADDRESS}/{provider}.html"


def _filled(**values: Any) -> str:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.from_string(_PAGE.read_text()).render(values)


def _known(store: ObjectStore, provider: str) -> list[dict[str, Any]]:
    try:
        kept = obstore.get(store, f"{FOLDER}/{provider}.json").bytes()
    except FileNotFoundError:
        return []
    return list(json.loads(bytes(kept)))


def _put(store: ObjectStore, name: str, text: str) -> None:
    obstore.put(store, f"{FOLDER}/{name}", text.encode())


def _day(version: int) -> str:
    return f"{datetime.fromtimestamp(version // _SECONDS, UTC):%Y-%m-%d}"
