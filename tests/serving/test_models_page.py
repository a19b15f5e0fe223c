"""Does `/models` show the file that migrations write, and let it call nobody?"""

import httpx


def test_the_models_pages_are_shown_once_they_are_written(serve, engines, tmp_path):
    url = serve(engines.model_copy(update={"data_dir": tmp_path}))
    missing = httpx.get(f"{url}/models")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    assert "oppulence migrate" in missing.json()["next_step"]
    (tmp_path / "dbt-docs").mkdir()
    (tmp_path / "dbt-docs" / "index.html").write_text("<p>models</p>")
    shown = httpx.get(f"{url}/models")
    assert (shown.status_code, shown.text) == (200, "<p>models</p>")
    assert shown.headers["content-type"].startswith("text/html")
    policy = shown.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "connect-src" not in policy
    assert "frame-ancestors 'none'" in policy
