"""How are the models documented for readers? dbt's own pages, as one file that loads nothing else.

What `dbt docs generate --static` writes, made of the manifest that is there
already, so that it takes no second parse and asks no warehouse: columns and their types are in the
models' contracts. Row counts, sizes and this machine's folders are left out, since whoever may see
the page need not know them.
"""

import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from core.errors import ConfigurationError

_PLACES = {"manifest": '"MANIFEST.JSON INLINE DATA"', "catalog": '"CATALOG.JSON INLINE DATA"'}
# What would have a browser ask for `{{ getIcon(…) }}` as it is written, once a model in the menu,
# and for an icon that was never built in.
_MENDED = {
    ' xlink:href="{{': ' ng-attr-xlink:href="{{',
    '<link rel="shortcut icon" href="${require(\'./assets/favicons/favicon.ico\')}"/>': "",
}


def docs_page(data_dir: Path) -> Path:
    """Return where the page is kept; `serving.models_page` shows it."""
    return data_dir / "dbt-docs" / "index.html"


def catalog_of(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return what dbt's catalog would say of columns and their types, by the models' contracts."""
    return {
        "metadata": {},
        "errors": None,
        **{
            kind: {
                name: {
                    "unique_id": name,
                    "metadata": {"type": "", "schema": node["schema"], "name": node["name"]},
                    "columns": {
                        column: {"name": column, "index": place, "type": told["data_type"]}
                        for place, (column, told) in enumerate(node["columns"].items(), 1)
                        if told.get("data_type")
                    },
                    "stats": {},
                }
                for name, node in manifest[kind].items()
                if node.get("columns")
            }
            for kind in ("nodes", "sources")
        },
    }


def write_docs(manifest: Mapping[str, Any], page: Path) -> None:
    """Write the page of a manifest.

    Raises:
        ConfigurationError: The installed dbt writes its pages in another way.
    """
    html = resources.files("dbt.task.docs").joinpath("index.html").read_text(encoding="utf-8")
    for written, meant in _MENDED.items():
        html = html.replace(written, meant)
    # Nothing is told to anybody about who reads it.
    told = {
        **manifest,
        "metadata": {**manifest["metadata"], "send_anonymous_usage_stats": False},
        "nodes": {
            name: {**node, "root_path": ""} if node.get("root_path") else node
            for name, node in manifest["nodes"].items()
        },
    }
    for name, value in {"manifest": told, "catalog": catalog_of(manifest)}.items():
        if html.count(_PLACES[name]) != 1:
            raise ConfigurationError(f"The installed dbt's pages have no place for the {name}.")
        # Inside a script a text must not end it.
        html = html.replace(_PLACES[name], json.dumps(value).replace("</", "<\\/"))
    page.parent.mkdir(parents=True, exist_ok=True)
    partial = page.with_suffix(".part")
    partial.write_text(html, encoding="utf-8")
    partial.replace(page)
