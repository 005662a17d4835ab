"""The command line: one module per command, heavy imports inside them."""

from tiankong.cli.main import main

__all__ = ["main"]
