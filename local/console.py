"""How do many parts speak on one terminal? Line by line, each under its name in its colour.

Colour only where someone looks: on a terminal, and not when NO_COLOR is set (rich decides both).
Parts see a pipe, not the terminal, so they print plain text.
"""

import re

from rich.console import Console
from rich.table import Table
from rich.text import Text

from core.logs import redact
from local.process import LineSink

# Some parts (Dagster's daemon) colour their lines even for a pipe.
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_STYLES = ("cyan", "green", "magenta", "yellow", "blue", "bright_cyan", "bright_green", "red")


class StackConsole:
    """Prints what parts say and what becomes of them."""

    def __init__(self, console: Console, width: int = 14) -> None:
        """Print to `console`, names padded to `width`."""
        self._console = console
        self._width = width
        self._styles: dict[str, str] = {}

    def sink_of(self, part: str) -> LineSink:
        """Return what prints a line of `part`."""
        style = self._styles.setdefault(part, _STYLES[len(self._styles) % len(_STYLES)])
        return lambda line: self._print(part, style, line, "")

    def report(self, part: str, text: str) -> None:
        """Print what became of a part."""
        style = "bold red" if "given up" in text else "bold"
        self._print(part, self._styles.get(part, "bold"), text, style)

    def say(self, text: str) -> None:
        """Print a sentence of the supervisor's own."""
        self._print("oppulence", "bold", text, "bold")

    def hint(self, text: str) -> None:
        """Print what one may type next, as it is: a simulated key in it is meant to be seen."""
        self._console.print(text, soft_wrap=True, highlight=False, markup=False)

    def addresses(self, rows: list[tuple[str, str, str]]) -> None:
        """Print the final table: part, address, what it is for."""
        table = Table(box=None, pad_edge=False)
        for heading in ("Part", "Address", "What for"):
            table.add_column(heading, no_wrap=heading != "What for")
        for row in rows:
            table.add_row(*row)
        self._console.print(table)

    def _print(self, part: str, style: str, line: str, line_style: str) -> None:
        text = Text(f"{part:<{self._width}} | ", style=style)
        text.append(str(redact(_ANSI.sub("", line))), style=line_style)
        self._console.print(text, soft_wrap=True, highlight=False, markup=False)
