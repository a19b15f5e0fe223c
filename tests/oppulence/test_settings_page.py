"""Does docs/settings.md name every variable there is, and none that is not?"""

import re
from pathlib import Path

from core.settings import ENVIRONMENT_PREFIX, PROJECT_ROOT, Settings

PAGE = PROJECT_ROOT / "docs" / "settings.md"


def variables() -> dict[str, object]:
    """Return each variable with its default."""
    return {
        "STRIPE_API_KEY" if name == "stripe_api_key" else ENVIRONMENT_PREFIX + name.upper(): (
            field.default
        )
        for name, field in Settings.model_fields.items()
    }


def rows() -> dict[str, str]:
    """Return each variable that has a row, with its default as written."""
    found = re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|", PAGE.read_text(), re.M)
    assert len(found) == len(dict(found)), "a variable has two rows"
    return dict(found)


def test_every_variable_has_its_row() -> None:
    assert set(rows()) == set(variables())


def test_defaults_that_are_written_as_values_are_the_code_s() -> None:
    written = {
        name: default.strip("`") for name, default in rows().items() if default.startswith("`")
    }
    defaults = {
        name: str(value).removesuffix(".0") if not isinstance(value, Path) else value.name
        for name, value in variables().items()
    }
    written["OPPULENCE_DBT_PROJECT_DIR"] = written["OPPULENCE_DBT_PROJECT_DIR"].split("`")[0]
    assert written == {name: defaults[name] for name in written}
    assert len(written) >= 13
