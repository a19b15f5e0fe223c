"""What can be checked without an engine? Python, packages, disk, keys, ports, dbt, the provider.

Each check is a function from settings to one finding; none changes anything.
"""

import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Literal

import httpx
from packaging.requirements import Requirement

from core.errors import ConfigurationError
from core.secrets import SecretBox
from core.settings import Settings
from local.lease import read_live
from local.ports import holder_of, is_taken
from local.services import fixed_ports
from local.stack import embedded_engines

Verdict = Literal["ok", "warn", "fail"]
OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 13)
WARN_FREE_BYTES, FAIL_FREE_BYTES = 5 * 10**9, 5 * 10**8


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found."""

    subject: str
    verdict: Verdict
    detail: str
    next_step: str = ""


def check_python(_: Settings) -> Finding:
    """Is this a Python that the locked packages were resolved for?"""
    here = sys.version_info[:2]
    text = f"Python {'.'.join(map(str, sys.version_info[:3]))}"
    if OLDEST_PYTHON <= here <= NEWEST_PYTHON:
        return Finding("python", "ok", text)
    return Finding("python", "fail", text, "Install Python 3.11, 3.12 or 3.13 and run make again.")


def check_packages(_: Settings) -> Finding:
    """Is every dependency here, in a version that we take?"""
    wrong = []
    for line in requires("oppulence") or []:
        wanted = Requirement(line)
        if wanted.marker is not None and not wanted.marker.evaluate():
            continue
        try:
            found = version(wanted.name)
        except PackageNotFoundError:
            found = "missing"
        if found == "missing" or not wanted.specifier.contains(found, prereleases=True):
            wrong.append(f"{wanted.name} is {found}, needs {wanted.specifier}")
    if wrong:
        return Finding("packages", "fail", "; ".join(wrong), "Run `make clean`, then `make up`.")
    return Finding("packages", "ok", "every dependency is here in its version")


def check_disk(settings: Settings) -> Finding:
    """Is there room for the data?"""
    folder = settings.data_dir
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    detail = f"{free / 10**9:.1f} GB free for {settings.data_dir}"
    if free < FAIL_FREE_BYTES:
        return Finding("disk", "fail", detail, "Free some space, or set OPPULENCE_DATA_DIR.")
    if free < WARN_FREE_BYTES:
        return Finding("disk", "warn", detail, "Free some space before a large backfill.")
    return Finding("disk", "ok", detail)


def check_keys(settings: Settings) -> Finding:
    """Are the keys set, where a lasting database needs them, and well formed?"""
    if settings.encryption_keys is not None:
        try:
            SecretBox.from_keys(settings.encryption_keys.get_secret_value())
        except ConfigurationError as error:
            return Finding("keys", "fail", error.detail, error.next_step)
    missing = [
        f"OPPULENCE_{name.upper()}"
        for name in ("encryption_keys", "api_key_secret")
        if getattr(settings, name) is None
    ]
    if not missing:
        return Finding("keys", "ok", "set in the environment")
    if "postgres" in embedded_engines(settings):
        return Finding("keys", "ok", f"kept in {settings.data_dir / 'secrets.json'}")
    return Finding(
        "keys",
        "fail",
        f"not set: {', '.join(missing)}",
        "Make each with `oppulence doctor --new-key`.",
    )


def check_ports(settings: Settings) -> Finding:
    """Are the ports of `oppulence up` free, or taken by our own stack?"""
    ports = fixed_ports(settings)
    if read_live(settings.data_dir) is not None:
        return Finding("ports", "ok", "held by the running stack")
    taken = [port for port in ports if is_taken(port.host, port.port)]
    if not taken:
        return Finding("ports", "ok", ", ".join(f"{port.port} ({port.part})" for port in ports))
    return Finding(
        "ports",
        "warn",
        "; ".join(f"{port.port} ({port.part}) is taken{holder_of(port.port)}" for port in taken),
        f"Before `oppulence up`, set {', '.join(port.setting for port in taken)}.",
    )


def check_dbt_project(settings: Settings) -> Finding:
    """Is the dbt project where settings say?"""
    if (settings.dbt_project_dir / "dbt_project.yml").is_file():
        return Finding("dbt", "ok", f"project in {settings.dbt_project_dir}")
    return Finding(
        "dbt",
        "fail",
        f"no dbt project in {settings.dbt_project_dir}",
        "Set OPPULENCE_DBT_PROJECT_DIR to the folder that holds dbt_project.yml.",
    )


def check_provider(settings: Settings) -> Finding:
    """Does Stripe answer? Without a key it says 401, which is an answer."""
    key = settings.stripe_api_key
    headers = {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}
    try:
        answer = httpx.get(
            f"{settings.stripe_api_url.rstrip('/')}/v1/account", headers=headers, timeout=10
        )
    except httpx.HTTPError as error:
        return Finding(
            "stripe",
            "warn",
            f"{settings.stripe_api_url} does not answer ({type(error).__name__})",
            "Check the network or OPPULENCE_STRIPE_API_URL; the demo needs neither.",
        )
    if key is not None and answer.status_code != httpx.codes.OK:
        return Finding(
            "stripe", "fail", f"refuses STRIPE_API_KEY with {answer.status_code}", "Copy a new key."
        )
    known = "and takes STRIPE_API_KEY" if key else "(no STRIPE_API_KEY set)"
    return Finding("stripe", "ok", f"{settings.stripe_api_url} answers {known}")
