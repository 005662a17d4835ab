"""The model behind the service: it answers waiting requests in batches and can be replaced while serving.

One thread works through the queue, because the model itself uses all the threads it was given. Requests queue up while
it computes; the next batch takes the first of them and all others with the same options. So no request waits for a
batch to fill, and batches grow with the load.
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

from tiankong.model import Model, load
from tiankong.runtime.deadline import OutOfTimeError, deadline
from tiankong.serve.problems import NotReady, OverLimit
from tiankong.text.script import AUTO, Script

_BATCH_SENTENCES = 64
"""The most sentences of different requests in one batch."""


@dataclass(frozen=True)
class ServedModel:
    """A loaded model, its name (that of its folder), and the SHA-256 of its manifest, which lists the hashes of all
    its files.
    """

    model: Model
    name: str
    sha256: str


@dataclass(eq=False)
class _Job:
    """The work of one request: either ``call`` the model, or fill ``sentences`` with ``options``, which may share a
    batch with jobs of the same options. A job that is not ``is_list`` has a single sentence, whose errors carry no
    number.
    """

    call: Callable[[Model], Any] | None = None
    sentences: list[str] = field(default_factory=list)
    is_list: bool = True
    options: dict[str, Any] = field(default_factory=dict)
    result: asyncio.Future[Any] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def run(self, model: Model) -> Any:
        """Returns the request's answer, computed alone."""
        if self.call:
            return self.call(model)
        if not self.is_list:
            return [model.fill(self.sentences[0], **self.options)]
        return model.fill(self.sentences, **self.options)


class Engine:
    """Answers requests batch by batch. Create it anywhere; use it within one event loop."""

    def __init__(
        self,
        model: str | Path,
        threads: int = 0,
        words: Sequence[str] = (),
        seconds: float = math.inf,
        on_queue_change: Callable[[int], None] = lambda _: None,
        script: Script = AUTO,
    ) -> None:
        """Loads nothing: :meth:`start` does. ``seconds`` limits the computing time of a batch; ``on_queue_change``
        receives the number of waiting requests. ``script`` is how texts are read by requests that do not say.
        """
        self._seconds = seconds
        self.source, self._threads, self._words = str(model), threads, list(words)
        self._script = script
        self._on_queue_change = on_queue_change
        self._served: ServedModel | None = None
        self._queue: deque[_Job] = deque()
        self._job_arrived = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="tiankong-engine")
        self._worker: asyncio.Task[None] | None = None
        self._stopped = False
        self._loading = asyncio.Lock()  # one load at a time, so that the last request to replace the model wins

    @property
    def served(self) -> ServedModel:
        """The model that answers now.

        :raises NotReady: no model has loaded yet.
        """
        if self._served is None:
            raise NotReady("the model is loading: try again in a moment")
        return self._served

    async def start(self) -> ServedModel:
        """Loads the model, warms it up, and starts to answer.

        :raises FolderError: the model can't be loaded.
        """
        async with self._loading:
            self._served = await asyncio.get_running_loop().run_in_executor(self._thread, self._load, self.source)
        self._worker = asyncio.create_task(self._work())
        return self._served

    async def stop(self) -> None:
        """Stops; requests still waiting get :class:`NotReady`."""
        self._stopped = True
        self._job_arrived.set()
        if self._worker is not None:
            await self._worker
        await asyncio.to_thread(self._thread.shutdown, wait=True, cancel_futures=True)

    async def reload(self, model: str | None = None) -> ServedModel:
        """Loads the model again, or another one; the present model answers until the new one is warm.

        :raises FolderError: the new model can't be loaded; the present one stays.
        """
        async with self._loading:
            source = self.source if model is None else model
            served = await asyncio.to_thread(self._load, source)
            self._served, self.source = served, source
        return served

    async def fill(self, sentences: str | list[str], options: dict[str, Any]) -> list[Any]:
        """Returns the answers of :meth:`Model.fill` with the keyword arguments ``options``.

        :raises SentenceError: a sentence is invalid; for a list, the message begins with the sentence's number.
        :raises OptionError: an option is invalid.
        """
        if isinstance(sentences, list):
            return list(await self._submit(_Job(sentences=sentences, options=options)))
        (answers,) = await self._submit(_Job(sentences=[sentences], is_list=False, options=options))
        return list(answers)

    async def call(self, function: Callable[[Model], Any]) -> Any:
        """Returns ``function(model)``, computed in turn in the engine's thread."""
        return await self._submit(_Job(function))

    async def _submit(self, job: _Job) -> Any:
        _ = self.served  # raises NotReady before the model has loaded
        self._queue.append(job)
        self._on_queue_change(len(self._queue))
        self._job_arrived.set()
        return await job.result

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._stopped:
            await self._job_arrived.wait()
            self._job_arrived.clear()
            while self._queue:
                jobs = [job for job in self._next_batch() if not job.result.cancelled()]
                self._on_queue_change(len(self._queue))
                if jobs:
                    outcomes = await loop.run_in_executor(self._thread, self._run, jobs, self.served.model)
                    for job, outcome in zip(jobs, outcomes, strict=True):
                        if job.result.cancelled():
                            continue
                        if isinstance(outcome, Exception):
                            job.result.set_exception(outcome)
                        else:
                            job.result.set_result(outcome)

    def _next_batch(self) -> list[_Job]:
        """Takes the first job, and those behind it that have the same options and fit into its batch."""
        first = self._queue.popleft()
        jobs, size = [first], len(first.sentences)
        if first.call is not None:
            return jobs
        for job in list(self._queue):
            if job.call is None and job.options == first.options and size + len(job.sentences) <= _BATCH_SENTENCES:
                self._queue.remove(job)
                jobs.append(job)
                size += len(job.sentences)
        return jobs

    def _run(self, jobs: list[_Job], model: Model) -> list[Any]:
        """Returns each job's answer, or the exception that it raised."""
        if len(jobs) > 1:
            sentences = [sentence for job in jobs for sentence in job.sentences]
            outcome = self._attempt(lambda: model.fill(sentences, **jobs[0].options), jobs)
            if not isinstance(outcome, Exception):
                answers = iter(outcome)
                return [list(itertools.islice(answers, len(job.sentences))) for job in jobs]
        # After an error, each job runs alone: an invalid sentence must fail only its own request.
        return [self._attempt(partial(job.run, model), [job]) for job in jobs]

    def _attempt(self, work: Callable[[], Any], jobs: list[_Job]) -> Any:
        """Returns the result of ``work``, or its exception; gives up once no client waits for any of the ``jobs``."""
        try:
            with deadline(self._seconds, lambda: self._stopped or all(job.result.cancelled() for job in jobs)):
                return work()
        except OutOfTimeError:
            if self._stopped:
                return NotReady("the server is stopping: send the request again once it is back")
            limit = f"{self._seconds:g} seconds"
            return OverLimit(f"the model would compute for more than {limit}: send less in one request")
        except Exception as error:
            return error

    def _load(self, source: str) -> ServedModel:
        model = load(source, threads=self._threads, words=self._words, script=self._script)
        vocabulary = model.folder.vocabulary
        word = vocabulary.words[int(vocabulary.targets().argmax())]
        # Warm up with a full batch, so that all memory it needs is allocated before the first request.
        if model.labels:
            model.classify([word] * 2 * _BATCH_SENTENCES)
        else:
            model.fill([f"{word} __"] * _BATCH_SENTENCES)
        return ServedModel(model, model.folder.path.name, model.folder.sha256)
