"""The API of recovery: flows, episodes, settings. What it decides lies in the room `recovery/`."""
