"""Do dbt's pages show the models in a real browser, alone, with nobody told who reads them?"""

import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect, sync_playwright

from assets.dbt_docs import write_docs
from core.errors import ConfigurationError

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), "")


@pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium on this machine")
def test_a_model_is_explained_in_one_file(manifest: dict[str, Any], tmp_path) -> None:
    page, asked, said = tmp_path / "docs" / "index.html", [], []
    write_docs(manifest, page)
    assert "docs" in manifest["nodes"]["model.oppulence.fct_mrr_movements"]
    assert str(Path.cwd()) not in page.read_text()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        shown = browser.new_page()
        shown.set_default_timeout(120_000)
        shown.on("request", lambda request: asked.append(request.url))
        shown.on("console", lambda message: said.append(message.text))
        shown.goto(f"{page.as_uri()}#!/model/model.oppulence.fct_mrr_movements")
        text = shown.get_by_text("on which the customer's MRR changed").first
        expect(text).to_be_visible(timeout=120_000)
        expect(shown.get_by_text("mrr_before_minor").first).to_be_visible()
        expect(shown.get_by_text("DateTime64(3, 'UTC')").first).to_be_visible()
        browser.close()
    assert {url.partition("#")[0] for url in asked if not url.startswith("data:")} == {
        page.as_uri()
    }
    assert said == []


def test_pages_of_another_make_are_refused(manifest: dict[str, Any], tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("assets.dbt_docs._PLACES", {"manifest": "NO SUCH PLACE", "catalog": "NOR"})
    with pytest.raises(ConfigurationError, match="no place for the manifest"):
        write_docs(manifest, tmp_path / "index.html")
    assert not (tmp_path / "index.html").exists()
