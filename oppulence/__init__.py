"""The front door: the `oppulence` command and the demo."""
