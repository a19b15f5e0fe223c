"""Are lines shown under their part's name, coloured only for eyes, and without secrets?"""

from io import StringIO

from rich.console import Console

from local.console import StackConsole


def printed(*, is_terminal: bool, no_color: bool = False) -> str:
    out = StringIO()
    console = Console(file=out, force_terminal=is_terminal, no_color=no_color, width=40)
    stack = StackConsole(console, width=8)
    stack.sink_of("api")("GET [/health] with Bearer abcdef123456, a line longer than the terminal")
    stack.sink_of("daemon")("\x1b[32mgreen\x1b[0m")
    stack.report("worker", "ready after 1.0 s")
    return out.getvalue()


def test_lines_carry_their_part_and_lose_their_secrets() -> None:
    assert printed(is_terminal=False) == (
        "api      | GET [/health] with Bearer [redacted], a line longer than the terminal\n"
        "daemon   | green\n"
        "worker   | ready after 1.0 s\n"
    )


def test_colour_is_for_terminals_that_want_it() -> None:
    assert "\x1b[36mapi" in printed(is_terminal=True)
    assert "\x1b[36m" not in printed(is_terminal=True, no_color=True)
