"""What ``/metrics`` tells: how many, how long, how full.

Labels come from closed lists, never from the words of a request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

if TYPE_CHECKING:
    from ragmed.serve.line import Line

BUCKETS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0)
"""Seconds."""


class Counts:
    """The figures of one server."""

    def __init__(self, line: Line) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "ragmed_requests", "Requests by route and status.", ("method", "route", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "ragmed_request_seconds",
            "Seconds from a request to the end of its response.",
            ("route",),
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._questions = Counter(
            "ragmed_questions", "Questions by how they ended.", ("outcome",), registry=self._registry
        )
        for name, said, value in (
            ("ragmed_questions_waiting", "Questions waiting for a worker.", lambda: line.waiting),
            ("ragmed_questions_working", "Questions at work.", lambda: line.working),
        ):
            Gauge(name, said, registry=self._registry).set_function(value)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request that has ended; ``route`` is the pattern of its path."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def question(self, outcome: str) -> None:
        """One question that has ended: an outcome of the record, ``searched``, or why there is none: ``declined``,
        ``failed``, ``late``, ``left``, ``refused``."""
        self._questions.labels(outcome).inc()

    def text(self) -> bytes:
        """The figures in Prometheus' text form."""
        return generate_latest(self._registry)
