"""How does the page get onto paper? A browser prints it, where one is installed."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from core.errors import OppulenceError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SECONDS = 120


class NoPdfError(OppulenceError):
    """No PDF was made; the page itself is there."""

    code = "no_pdf"
    title = "The PDF could not be made"
    exit_code = 69


def print_page(page: str, target: Path) -> None:
    """Write a page as PDF.

    Raises:
        NoPdfError: There is no browser on this machine, or it failed.
    """
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise NoPdfError(
            "No Chromium or Chrome was found on this machine.",
            next_step="Install one (`apt install chromium`), or print the page from any browser.",
        )
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "report.html")
        source.write_text(page, encoding="utf-8")
        command = [
            browser, "--headless", "--disable-gpu", "--no-sandbox", "--no-pdf-header-footer",
            f"--user-data-dir={folder}/profile", f"--print-to-pdf={target.absolute()}",
            source.as_uri(),
        ]  # fmt: skip
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=SECONDS, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise NoPdfError(f"The browser did not end within {SECONDS} s.") from error
    if done.returncode != 0 or not target.exists():
        said = done.stderr.strip().splitlines()
        raise NoPdfError(f"The browser failed: {said[-1] if said else done.returncode}")
