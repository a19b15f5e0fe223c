"""How do browsers keep our scripts and styles? They ask each time whether theirs are current.

Modules name each other without versions: after an upgrade, a browser that guessed how long a file
lasts would run new ones beside old ones.
"""

from os import PathLike, stat_result

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope


class CurrentFiles(StaticFiles):
    """Files of a folder, each with its mark; unchanged ones are answered 304."""

    def file_response(
        self,
        full_path: str | PathLike[str],
        stat_result: stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """Answer with a file."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = "no-cache"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response
