"""What does a request in the shape of a form hold: words, and files?

Clients send multipart forms where a query's parameters are too long for a URL, or where data
travels with the query.
"""

import tempfile
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import parse_qsl

import python_multipart

from local.clickhouse.bodies import RequestBody
from local.clickhouse.failures import failure

_FORM_STARTS = (b"query=", b"param_", b"database=")


def read_multipart(
    content_type: str, body: RequestBody, folder: Path, files: ExitStack
) -> tuple[dict[str, str], dict[str, str]]:
    """Return a form's words, and the paths of its files by name; `files` removes them."""
    words: dict[str, str] = {}
    paths: dict[str, str] = {}

    def keep_word(field: python_multipart.multipart.Field) -> None:
        words[(field.field_name or b"").decode()] = (field.value or b"").decode()

    def keep_file(file: python_multipart.multipart.File) -> None:
        name = (file.field_name or b"").decode()
        kept = files.enter_context(  # closed, and so removed, with the request
            tempfile.NamedTemporaryFile(dir=folder, suffix=".external")  # noqa: SIM115
        )
        file.file_object.seek(0)
        while piece := file.file_object.read(1 << 20):
            kept.write(piece)
        kept.flush()
        file.close()
        paths[name] = kept.name

    _, options = python_multipart.multipart.parse_options_header(content_type)
    try:
        parser = python_multipart.FormParser(
            "multipart/form-data",
            keep_word,
            keep_file,
            boundary=options.get(b"boundary"),
            config={"UPLOAD_DIR": str(folder)},
        )
        for piece in body.pieces():
            parser.write(piece)
        parser.finalize()
    except (python_multipart.exceptions.FormParserError, UnicodeDecodeError) as error:
        raise failure(36, "BAD_ARGUMENTS", f"Cannot read the multipart form: {error}") from None
    return words, paths


def read_urlencoded(body: RequestBody) -> dict[str, str]:
    """Return the words of a form that stands in the body, or nothing where the body is SQL.

    curl declares every `--data` a form, and a server then reads it as SQL; no SQL begins like a
    form of ours does.
    """
    if not body.starts_with(_FORM_STARTS):
        return {}
    return dict(parse_qsl(b"".join(body.pieces()).decode(), keep_blank_values=True))
