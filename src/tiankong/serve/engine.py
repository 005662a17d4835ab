"""The model behind the service: requests that wait together are answered together, and the model can be exchanged.

One thread works through the queue, because the model itself uses all threads it was given. While it answers, requests
gather; it then takes all that ask alike at once. So nobody waits for company, and the busier it is the larger the
batches get.
"""

from __future__ import annotations

import asyncio
import itertools
import math
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tiankong.artifact.built_in import model_path
from tiankong.artifact.model_folder import MODEL
from tiankong.folder import sha256
from tiankong.model import Model, load
from tiankong.runtime.deadline import OutOfTimeError, deadline
from tiankong.serve.problems import NotReady, OverLimit

_TOGETHER = 64
"""Sentences of different requests that are filled in one go at most."""


@dataclass(frozen=True)
class ServedModel:
    """A model, the name or folder it was loaded from, and the SHA-256 of its manifest, which names all its files."""

    model: Model
    name: str
    sha256: str


@dataclass(eq=False)
class _Job:
    """One request's work: sentences to fill with ``options``, which may be filled with those of other jobs that have
    the same, or anything else as ``work``. Not ``numbered`` is one sentence that was asked alone.
    """

    work: Callable[[Model], Any] | None = None
    sentences: list[str] = field(default_factory=list)
    numbered: bool = True
    options: dict[str, Any] = field(default_factory=dict)
    done: asyncio.Future[Any] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def ask(self, model: Model) -> Any:
        """What the request gets."""
        if self.work:
            return self.work(model)
        if not self.numbered:
            return [model.fill(self.sentences[0], **self.options)]
        return model.fill(self.sentences, **self.options)


class Engine:
    """Answers requests one batch after the other. Made outside, used within one event loop."""

    def __init__(
        self,
        model: str | Path,
        threads: int = 0,
        words: Sequence[str] = (),
        seconds: float = math.inf,
        on_waiting: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Nothing is loaded before :meth:`start`. The model works at one request for so many ``seconds``;
        ``on_waiting`` hears how many requests wait.
        """
        self._seconds = seconds
        self.source, self._threads, self._words = str(model), threads, list(words)
        self._on_waiting = on_waiting
        self._loaded: ServedModel | None = None
        self._queue: deque[_Job] = deque()
        self._arrived = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="tiankong-engine")
        self._worker: asyncio.Task[None] | None = None
        self._stopped = False
        self._loading = asyncio.Lock()  # one after the other, so that the last one asked for stays

    @property
    def loaded(self) -> ServedModel:
        """The model that answers now.

        :raises NotReady: there is none yet.
        """
        if self._loaded is None:
            raise NotReady("the model is being loaded: try again in a moment")
        return self._loaded

    async def start(self) -> ServedModel:
        """Loads the model, lets it answer once, and begins to work.

        :raises FolderError: it can't be loaded.
        """
        async with self._loading:
            self._loaded = await asyncio.get_running_loop().run_in_executor(self._thread, self._load, self.source)
        self._worker = asyncio.create_task(self._work())
        return self._loaded

    async def stop(self) -> None:
        """Stops; who still waits for an answer is told so."""
        self._stopped = True
        self._arrived.set()
        if self._worker is not None:
            await self._worker
        await asyncio.to_thread(self._thread.shutdown, wait=True, cancel_futures=True)

    async def reload(self, model: str | None = None) -> ServedModel:
        """Loads the model again, or another one, beside the present, which goes on answering until the new one has
        answered once.

        :raises FolderError: the new one can't be loaded; the present one stays.
        """
        async with self._loading:
            source = self.source if model is None else model
            loaded = await asyncio.to_thread(self._load, source)
            self._loaded, self.source = loaded, source
        return loaded

    async def fill(self, sentences: str | list[str], options: dict[str, Any]) -> list[Any]:
        """Answers for a sentence, or for each of several, as :meth:`Model.fill` gives them.

        :raises SentenceError: a sentence; of a list, the message begins with its number.
        :raises OptionError: ``options``, its keyword arguments.
        """
        if isinstance(sentences, list):
            return list(await self._answer(_Job(sentences=sentences, options=options)))
        (found,) = await self._answer(_Job(sentences=[sentences], numbered=False, options=options))
        return list(found)

    async def ask(self, work: Callable[[Model], Any]) -> Any:
        """What ``work`` makes of the model."""
        return await self._answer(_Job(work))

    async def _answer(self, job: _Job) -> Any:
        _ = self.loaded  # or it is not there yet
        self._queue.append(job)
        self._on_waiting(len(self._queue))
        self._arrived.set()
        return await job.done

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._stopped:
            await self._arrived.wait()
            self._arrived.clear()
            while self._queue:
                jobs = [job for job in self._next() if not job.done.cancelled()]
                self._on_waiting(len(self._queue))
                if jobs:
                    results = await loop.run_in_executor(self._thread, self._run, jobs, self.loaded.model)
                    for job, result in zip(jobs, results, strict=True):
                        if job.done.cancelled():
                            continue
                        if isinstance(result, Exception):
                            job.done.set_exception(result)
                        else:
                            job.done.set_result(result)

    def _next(self) -> list[_Job]:
        """The first job, and those behind it that ask alike and fit in."""
        first = self._queue.popleft()
        jobs, size = [first], len(first.sentences)
        if first.work is not None:
            return jobs
        for job in list(self._queue):
            if job.work is None and job.options == first.options and size + len(job.sentences) <= _TOGETHER:
                self._queue.remove(job)
                jobs.append(job)
                size += len(job.sentences)
        return jobs

    def _run(self, jobs: list[_Job], model: Model) -> list[Any]:
        """Each job's result, or the exception it ends with."""
        if len(jobs) > 1:
            sentences = [sentence for job in jobs for sentence in job.sentences]
            found = self._attempt(lambda: model.fill(sentences, **jobs[0].options), jobs)
            if not isinstance(found, Exception):
                answers = iter(found)
                return [list(itertools.islice(answers, len(job.sentences))) for job in jobs]
        # One bad sentence is its own request's error and nobody else's.
        return [self._attempt(partial(job.ask, model), [job]) for job in jobs]

    def _attempt(self, work: Callable[[], Any], jobs: list[_Job]) -> Any:
        """What comes of ``work``, or the exception it ends with. It goes on while one of the ``jobs`` is waited for."""
        try:
            with deadline(self._seconds, lambda: self._stopped or all(job.done.cancelled() for job in jobs)):
                return work()
        except OutOfTimeError:
            if self._stopped:
                return NotReady("the server is stopping: ask again when it is back")
            limit = f"{self._seconds:g} seconds"
            return OverLimit(f"the model would work at this for more than {limit}: ask for less at once")
        except Exception as error:
            return error

    def _load(self, source: str) -> ServedModel:
        model = load(source, threads=self._threads, words=self._words)
        vocabulary = model.folder.vocabulary
        word = vocabulary.words[int(vocabulary.targets().argmax())]
        # All that a full house needs is there from the start.
        if model.labels:
            model.classify([word] * 2 * _TOGETHER)
        else:
            model.fill([f"{word} __"] * _TOGETHER)
        folder = model_path(source)
        return ServedModel(model, folder.name, sha256(folder / MODEL.manifest))
