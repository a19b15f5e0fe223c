"""What are the merchant's own people told? One sentence about the debt, and the way to its episode.

In English and in no brand's voice: it is an alert, not a letter. Slack reads `&`, `<` and `>` as
its own marks; what a payer is called is data and cannot begin a link or mention a channel.
"""

import tomllib
from functools import cache
from pathlib import Path

from babel import Locale

from recovery.messages.facts import Facts
from recovery.messages.rendering import fill
from recovery.messages.templates import Purpose, reasons

FILE = Path(__file__).parent / "slack.toml"
LANGUAGE = "en"


def write_alert(purpose: Purpose, facts: Facts, episode_url: str) -> str:
    """Return an alert in Slack's own marks."""
    words = alerts()[purpose]
    return _alert(words["title"], fill(words["text"], _values(facts)), episode_url)


def write_note(note: str, facts: Facts, episode_url: str) -> str:
    """Return an alert of a task: what is to be done, and about which debt."""
    values = _values(facts)
    about = values["customer_name"] or "a customer"
    said = f"{_escaped(note)}\n{values['amount']}, {about}"
    return _alert("Something for a person.", said, episode_url)


def _alert(title: str, said: str, episode_url: str) -> str:
    return f"*{title}* {said}\n<{episode_url}|Open the episode>"


def _values(facts: Facts) -> dict[str, str | None]:
    return {
        name: None if value is None else _escaped(value)
        for name, value in facts.formatted(Locale.parse(LANGUAGE), reasons(LANGUAGE)).items()
    }


@cache
def alerts() -> dict[str, dict[str, str]]:
    """Read the words of every purpose: a title and a sentence."""
    return tomllib.loads(FILE.read_text())


def _escaped(value: str) -> str:
    # A star or a tick in a name would only change how it looks.
    one_line = " ".join(value.split())
    return one_line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
