"""Does `oppulence report` refuse what it cannot do, before it does anything?"""

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from pydantic import SecretStr

from core.errors import InvalidInputError, NotFoundError
from core.settings import Settings
from oppulence.report.command import month_of, page_at
from oppulence.report.months import Month
from oppulence.session import require_data

TODAY = date(2026, 11, 27)


def test_a_month_that_has_not_begun_is_refused():
    assert month_of(None, TODAY) == Month(date(2026, 10, 1))
    assert month_of("2026-11", TODAY) == Month(date(2026, 11, 1))
    for text, name in (("2026-12", "December 2026"), ("2030-01", "January 2030")):
        with pytest.raises(InvalidInputError) as refused:
            month_of(text, TODAY)
        assert (refused.value.detail, refused.value.next_step) == (
            f"{name} has not begun.", "The last month that is over is 2026-10.",
        )  # fmt: skip


def test_a_page_has_a_file_s_name_in_a_folder_that_is_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("there").mkdir()
    assert page_at("there/x.html") == Path("there/x.html")
    assert page_at("x") == Path("x")
    refusals = {
        "x.pdf": ("x.pdf is the name of a PDF, and the page is HTML.",
                  "Write --output x.html; --pdf puts the PDF beside it."),
        "nowhere/x.html": ("There is no folder nowhere.", "Make it, or name another."),
        "there": ("there is a folder.", "Name a file, as there/report.html."),
    }  # fmt: skip
    told = {}
    for text in refusals:
        with pytest.raises(InvalidInputError) as refused:
            page_at(text)
        told[text] = (refused.value.detail, refused.value.next_step)
    assert told == refusals


@pytest.mark.parametrize("command", ["report", "status"])
def test_in_another_folder_no_data_folder_is_made(tmp_path: Path, command: str):
    done = subprocess.run(
        [sys.executable, "-m", "oppulence", command],
        cwd=tmp_path,
        env={**Settings().inherited_environment(), "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr.splitlines()) == (
        1,
        [
            f"Not found: There is no data in {tmp_path.resolve()}/.oppulence.",
            "Next step: Run this where `oppulence up` or `oppulence demo` ran, or set"
            " OPPULENCE_DATA_DIR to its folder .oppulence.",
        ],
    )
    assert list(tmp_path.iterdir()) == []


def test_engines_elsewhere_need_no_data_folder(tmp_path: Path):
    both = ["clickhouse", "postgres"]
    elsewhere = Settings(
        data_dir=tmp_path / "none",
        clickhouse_url=SecretStr("http://a:8123"),
        database_url=SecretStr("postgres://a"),
    )
    require_data(elsewhere, both)
    (tmp_path / "kept" / "postgres").mkdir(parents=True)
    require_data(Settings(data_dir=tmp_path / "kept"), both)
    with pytest.raises(NotFoundError):
        require_data(Settings(data_dir=tmp_path), both)


# A browser that prints a page by copying it: the last argument to where the option says.
COPYING = """#!/bin/sh
for word; do case "$word" in --print-to-pdf=*) target="${word#*=}";; esac; done
cp "${word#file://}" "$target"
"""
WRITING = """
from pathlib import Path
from oppulence.report.command import write_files
from tests.oppulence.report_findings import findings
print(*write_files(findings(), "N\\u014drthwind", Path("page.html"), pdf=True))
"""


def test_the_files_are_utf_8_whatever_the_locale(tmp_path: Path):
    browser = tmp_path / "bin" / "chromium"
    browser.parent.mkdir()
    browser.write_text(COPYING)
    browser.chmod(0o755)
    inherited = Settings().inherited_environment()
    done = subprocess.run(
        [sys.executable, "-X", "utf8=0", "-c", WRITING],
        cwd=tmp_path,
        env={**inherited, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONPATH": str(Path.cwd()),
             "PATH": f"{browser.parent}:{inherited['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("page.html page.pdf\n", "")
    for name in ("page.html", "page.pdf"):
        assert "<h1>N\u014drthwind, October 2026</h1>" in (tmp_path / name).read_text("utf-8")


def test_a_report_of_the_default_name_stays_out_of_git():
    names = ["report-ws_demo-2026-10.html", "report-ws_demo-2026-10.pdf"]
    done = subprocess.run(
        ["git", "check-ignore", "--no-index", *names], capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines() == names
