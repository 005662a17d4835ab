"""How many processors this process may use: a container's share, not the host's number."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_ROOT = Path("/")


def allowed_threads(root: Path = _ROOT) -> int:
    """Threads that can run at the same time, at least 1: the least of

    - the processors of the affinity mask (``taskset``, ``docker --cpuset-cpus``),
    - the processor quota of the control group and those around it (``docker --cpus``, Kubernetes limits), rounded down,
    - the first number of ``OMP_NUM_THREADS``.

    ``root`` is where ``proc`` and ``sys`` are mounted.
    """
    limits = [_affinity(), *map(int, _quotas(root))]
    asked = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    if asked.isdecimal() and int(asked):
        limits.append(int(asked))
    return max(1, min(limits))


def threads_to_use(asked: int) -> int:
    """As many threads as ``asked`` for, but no more than the machine has processors; 0 means :func:`allowed_threads`.

    More would wait for each other, by far longer than they compute.
    """
    return min(asked, os.cpu_count() or 1) if asked else allowed_threads()


def _affinity() -> int:
    if hasattr(os, "process_cpu_count"):  # Python 3.13; the others have no such name on macOS and Windows
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quotas(root: Path) -> Iterator[float]:
    """Processors that each control group around this process may use, version 2 or 1, where one has a quota."""
    groups = root / "sys/fs/cgroup"
    for line in _text(root / "proc/self/cgroup").splitlines():
        hierarchy, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if hierarchy == "0" and not controllers:
            for folder in _upwards(groups, path):
                yield from _quota(*_text(folder / "cpu.max").partition(" ")[::2])
        elif "cpu" in controllers.split(","):
            # A container sees its own group as the root of the mount, but its path as the host's.
            for folder in _upwards(groups / controllers, path) + _upwards(groups / "cpu", path):
                yield from _quota(_text(folder / "cpu.cfs_quota_us"), _text(folder / "cpu.cfs_period_us"))


def _quota(quota: str, period: str) -> Iterator[float]:
    try:
        share = int(quota) / int(period)
    except (ValueError, ZeroDivisionError):  # "max", or no such file
        return
    if 0 < share < math.inf:
        yield share


def _upwards(mount: Path, path: str) -> list[Path]:
    """The folder of a control group and of those around it, up to the mount's."""
    inner = PurePosixPath(path.lstrip("/"))
    return [mount / group for group in (inner, *inner.parents) if ".." not in group.parts]


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""
