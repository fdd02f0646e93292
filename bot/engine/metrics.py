"""Prometheus figures. No label ever carries personal data."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SIZES = (1, 2, 4, 8, 16, 32, 64, 128)
_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """One registry for a process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.received = Counter("sangdam_received", "Updates taken in", ["channel", "kind"], registry=self.registry)
        self.duplicates = Counter("sangdam_duplicates", "Updates seen before", ["channel"], registry=self.registry)
        self.handled = Counter("sangdam_handled", "Messages handled", ["result"], registry=self.registry)
        self.decisions = Counter("sangdam_decisions", "Decisions on questions", ["kind"], registry=self.registry)
        self.sent = Counter(
            "sangdam_sent", "Messages delivered or failed", ["channel", "result"], registry=self.registry
        )
        self.batch = Histogram(
            "sangdam_batch_messages",
            "Messages in a batch",
            buckets=(1, 2, 4, 8, 16, 32, 64, 128),
            registry=self.registry,
        )
        self.latency = Histogram(
            "sangdam_handling_seconds", "From intake to decision", buckets=_SECONDS, registry=self.registry
        )
        self.embeddings = Counter(
            "sangdam_embeddings", "Requests to the embeddings service", ["of", "result"], registry=self.registry
        )
        self.embeddings_seconds = Histogram(
            "sangdam_embeddings_seconds", "Waiting for vectors of questions", buckets=_SECONDS, registry=self.registry
        )
        self.embeddings_paused = Gauge(
            "sangdam_embeddings_paused",
            "1 while questions do without vectors because of failures",
            registry=self.registry,
        )
        self.waiting = Gauge("sangdam_sends_waiting", "Messages in delivery", ["channel"], registry=self.registry)
