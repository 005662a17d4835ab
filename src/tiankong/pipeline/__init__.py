"""The procedures behind the command line, the benchmark and ``import tiankong``: one function per stage."""
