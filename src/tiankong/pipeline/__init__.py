"""The procedures behind the command line, the benchmark and ``import tiankong``: a function a stage, a file each."""
