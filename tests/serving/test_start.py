"""Does the server start as one that answers steadily?"""

import gc

import uvicorn

from serving import __main__ as command


def test_what_was_made_at_the_start_is_not_looked_through_for_garbage(engines, monkeypatch):
    """A full collection of all that the application is made of stopped requests for 200 ms."""
    frozen = []
    monkeypatch.setattr(uvicorn.Server, "run", lambda _: frozen.append(gc.get_freeze_count()))
    monkeypatch.setattr(command, "load_settings", lambda: engines)
    monkeypatch.setattr(command, "configure_logging", lambda _: None)
    try:
        command.main()
    finally:
        gc.unfreeze()
    assert frozen[0] > 100_000
