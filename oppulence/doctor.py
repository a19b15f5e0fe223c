"""What is wrong with this machine or its configuration? Findings, each with its next step."""

from collections.abc import Callable, Iterator
from dataclasses import asdict

from rich.console import Console
from rich.text import Text

from core.errors import OppulenceError
from core.secrets import generate_key
from core.settings import Settings, load_settings
from oppulence.findings import (
    Finding,
    check_dbt_project,
    check_disk,
    check_keys,
    check_packages,
    check_ports,
    check_provider,
    check_python,
)
from oppulence.output import print_json, print_line

_STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}
LOCAL_CHECKS: tuple[Callable[[Settings], Finding], ...] = (
    check_python, check_packages, check_disk, check_keys, check_ports, check_dbt_project,
    check_provider,
)  # fmt: skip


def examine(*, as_json: bool) -> bool:
    """Print every finding; say whether none is a failure."""
    findings: list[Finding] = []
    for finding in _findings():
        findings.append(finding)
        if not as_json:
            _print(finding)
    healthy = all(finding.verdict != "fail" for finding in findings)
    if as_json:
        print_json({"ok": healthy, "findings": [asdict(finding) for finding in findings]})
    else:
        print_line("All is well." if healthy else "Something needs you: see the lines marked fail.")
    return healthy


def print_new_key() -> None:
    """Print a key fit for OPPULENCE_ENCRYPTION_KEYS, and for OPPULENCE_API_KEY_SECRET."""
    print_line(generate_key())


def _findings() -> Iterator[Finding]:
    try:
        settings = load_settings()
    except OppulenceError as error:
        yield Finding("settings", "fail", error.detail, error.next_step)
        return
    for check in LOCAL_CHECKS:
        yield check(settings)
    yield from _engine_findings(settings)


def _engine_findings(settings: Settings) -> Iterator[Finding]:
    """Reach every engine, starting the embedded ones for the moment."""
    from local.stack import embedded_engines, running_engines
    from oppulence.engine_findings import engine_findings

    try:
        with running_engines(settings, command="oppulence doctor") as complete:
            yield from engine_findings(complete, embedded_engines(settings))
    except OppulenceError as error:
        yield Finding("engines", "fail", error.detail, error.next_step)


def _print(finding: Finding) -> None:
    text = Text(f"{finding.verdict:<5}", style=_STYLES[finding.verdict])
    text.append(f"{finding.subject:<12} {finding.detail}", style="")
    if finding.next_step:
        text.append(f" → {finding.next_step}", style="italic")
    Console().print(text, soft_wrap=True, highlight=False)
