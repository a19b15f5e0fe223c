"""How is the command started without its script? `python -m oppulence`."""

from oppulence.cli import main

main()
