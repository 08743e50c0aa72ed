"""Runs pieces of work in forked children, a few at a time, and kills those that take too long."""

import os
import pickle
import selectors
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple


class Job(NamedTuple):
    """`work` runs in the child and answers at most once, by calling what it is given."""

    name: Any
    work: Callable[[Callable[[Any], None]], None]
    limit_s: float


class _Child(NamedTuple):
    job: Job
    pid: int
    fd: int
    deadline: float


TIMED_OUT = "timed out"
DIED = "died"


def run(jobs: Iterator[Job], at_once: int) -> Iterator[tuple[Any, Any]]:
    """Each job's name and answer, as they end: what the child answered, or TIMED_OUT, or DIED.

    A job is taken from `jobs` only when there is room for it, so that it can depend on earlier answers.
    """
    running: dict[int, _Child] = {}
    with selectors.DefaultSelector() as selector:
        more = True
        while more or running:
            while more and len(running) < at_once:
                job = next(jobs, None)
                if job is None:
                    more = False
                    break
                child = _start(job)
                running[child.fd] = child
                selector.register(child.fd, selectors.EVENT_READ)
            if not running:
                break
            wait = min(child.deadline for child in running.values()) - time.monotonic()
            ready = {key.fd for key, _ in selector.select(max(wait, 0))}
            late = {fd for fd, child in running.items() if child.deadline <= time.monotonic()} - ready
            for fd in ready | late:
                child = running.pop(fd)
                selector.unregister(fd)
                yield child.job.name, _end(child, TIMED_OUT if fd in late else DIED)


def _start(job: Job) -> _Child:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return _Child(job, pid, reading, time.monotonic() + job.limit_s)
    try:
        os.setsid()
        os.close(reading)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(nowhere, fd)
        job.work(lambda answer: _answer(writing, answer))
    finally:
        os._exit(0)


def _answer(fd: int, answer: Any) -> None:
    """Writes the answer and ends this process: nothing may follow it."""
    with os.fdopen(fd, "wb") as pipe:
        pickle.dump(answer, pipe)
    os._exit(0)


def _end(child: _Child, otherwise: str) -> Any:
    """The child's answer; afterwards nothing that it started is left."""
    answer: Any = otherwise
    with os.fdopen(child.fd, "rb") as pipe:
        if otherwise != TIMED_OUT:
            data = pipe.read()
            if data:
                answer = pickle.loads(data)
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # it has ended, and so has all that it started
    except PermissionError:
        os.kill(child.pid, signal.SIGKILL)
    os.waitpid(child.pid, 0)
    return answer
