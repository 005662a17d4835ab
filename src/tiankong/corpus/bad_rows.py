"""Counts all invalid rows before it reports the first, so that the user can correct the file in one go."""

from __future__ import annotations

from tiankong.errors import SourceError

_MOST_NAMED = 10


class BadRows:
    """The rows of a stream that can't be read as texts. It is true once there is one: from then on, rows are only
    checked.
    """

    def __init__(self) -> None:
        self._first: SourceError | None = None
        self._reason = ""
        self._is_one_reason = True
        self._others: list[str] = []
        self._count = 0

    def add(self, place: str, error: SourceError) -> None:
        """Notes the row at ``place``, such as "line 3", which gives this error."""
        self._count += 1
        reason = str(error).replace(place, "")
        if self._first is None:
            self._first, self._reason = error, reason
            return
        self._is_one_reason = self._is_one_reason and reason == self._reason
        if len(self._others) < _MOST_NAMED - 1:
            self._others.append(place)

    def __bool__(self) -> bool:
        return self._first is not None

    def refuse(self) -> None:
        """Does nothing if there was none.

        :raises SourceError: what is wrong with the first one, the places of the next, and the number of the rest; and
            whether the same is wrong with them.
        """
        if self._first is None:
            return
        if not self._others:
            raise self._first
        unnamed = self._count - 1 - len(self._others)
        places = ", ".join(self._others) + (f" and {unnamed:,} others" if unnamed else "")
        more = f"{self._count - 1:,} more"
        if self._is_one_reason:
            raise SourceError(f"{self._first}; so are {more}, on {places}")
        raise SourceError(f"{self._first}; {more} can't be used either, for this or another reason, on {places}")
