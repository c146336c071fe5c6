"""Every figure that ``/metrics`` tells, declared once: name, kind, labels, meaning. The guide's table is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from carafe.serving.difference import RELATIVE

OTHERS = "(others)"
"""The label value under which unknown routes and methods, and whatever is one too many, are gathered."""

SECONDS = (
    *(0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05),
    *(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
"""Bounds for durations, from 50 microseconds to 10 seconds."""

SIZES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 1024.0, 4096.0, 16384.0, 65536.0)
"""Bounds for numbers of requests and rows."""


class Kind(Enum):
    """How a figure behaves, in Prometheus's terms."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    SUMMARY = "summary"


class Merge(Enum):
    """What the gauges of several workers say together."""

    SUM = "sum"
    LEAST = "least"
    MOST = "most"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure."""

    name: str
    """As it is told, with unit and suffix."""
    kind: Kind
    about: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()
    """The upper bounds of a histogram's buckets, without the infinite one."""
    merge: Merge = Merge.SUM


_VERSION = ("model", "version")

REQUESTS = Figure(
    name="carafe_http_requests_total",
    kind=Kind.COUNTER,
    labels=("method", "route", "status"),
    about="HTTP requests answered; a route or method that Carafe does not have is called (others).",
)
MODEL_REQUESTS = Figure(
    name="carafe_model_requests_total",
    kind=Kind.COUNTER,
    labels=(*_VERSION, "protocol", "status"),
    about="Requests for a model's predictions or features, by the version that was asked.",
)
DURATION = Figure(
    name="carafe_model_request_duration_seconds",
    kind=Kind.HISTOGRAM,
    labels=(*_VERSION, "protocol"),
    bounds=SECONDS,
    about="How long such requests took inside Carafe, from their first line to the last.",
)
ROWS = Figure(
    name="carafe_rows_total",
    kind=Kind.COUNTER,
    labels=(*_VERSION, "protocol"),
    about="Rows in such requests.",
)
ERRORS = Figure(
    name="carafe_errors_total",
    kind=Kind.COUNTER,
    labels=("slug", *_VERSION),
    about="Requests answered with a problem, by its slug; model and version are empty where none was reached.",
)
UNSEEN = Figure(
    name="carafe_unseen_categories_total",
    kind=Kind.COUNTER,
    labels=(*_VERSION, "column"),
    about="Category values that training had not met, by column.",
)
BATCH_REQUESTS = Figure(
    name="carafe_batch_requests",
    kind=Kind.HISTOGRAM,
    labels=_VERSION,
    bounds=SIZES,
    about="Requests that one run of a model answered together.",
)
BATCH_ROWS = Figure(
    name="carafe_batch_rows",
    kind=Kind.HISTOGRAM,
    labels=_VERSION,
    bounds=SIZES,
    about="Rows of one run of a model that answers requests together.",
)
BATCH_WAIT = Figure(
    name="carafe_batch_wait_seconds",
    kind=Kind.HISTOGRAM,
    labels=_VERSION,
    bounds=SECONDS,
    about="How long the request that waited longest for a run did so.",
)
WAITING = Figure(
    name="carafe_queue_requests",
    kind=Kind.GAUGE,
    labels=_VERSION,
    about="Requests that waited for the next run when the last one ended, in all workers.",
)
TURNED_AWAY = Figure(
    name="carafe_turned_away_total",
    kind=Kind.COUNTER,
    labels=_VERSION,
    about="Requests that never reached the model, because too many waited or they had waited too long.",
)
CACHE_ROWS = Figure(
    name="carafe_cache_rows_total",
    kind=Kind.COUNTER,
    labels=(*_VERSION, "result"),
    about="Rows looked for in the cache of answers: a hit was found there, a miss was asked of the model.",
)
CACHE_LOST = Figure(
    name="carafe_cache_lost_total",
    kind=Kind.COUNTER,
    about="How often the shared cache did not answer and was left alone for a while.",
)
FAILURES = Figure(
    name="carafe_model_failures_total",
    kind=Kind.COUNTER,
    labels=_VERSION,
    about="Failures of a version on rows that had passed validation.",
)
LOADED = Figure(
    name="carafe_loaded_versions",
    kind=Kind.GAUGE,
    labels=_VERSION,
    about="How many workers have this version loaded.",
)
LOADED_BYTES = Figure(
    name="carafe_loaded_bytes",
    kind=Kind.GAUGE,
    labels=_VERSION,
    about="How much memory a loaded version takes, estimated, in all workers together.",
)
LOADS = Figure(
    name="carafe_version_load_seconds",
    kind=Kind.SUMMARY,
    labels=_VERSION,
    about="How long loading and verifying versions took.",
)
LOAD_FAILURES = Figure(
    name="carafe_version_load_failures_total",
    kind=Kind.COUNTER,
    labels=(*_VERSION, "slug"),
    about="Versions that could not be loaded, by what went wrong.",
)
SWAPS = Figure(
    name="carafe_alias_swaps_total",
    kind=Kind.COUNTER,
    labels=("model", "alias"),
    about="How often an alias began to answer with another version; each worker counts its own swap.",
)
ROLLOUT_PERCENT = Figure(
    name="carafe_rollout_percent",
    kind=Kind.GAUGE,
    labels=("model", "alias", "version"),
    merge=Merge.MOST,
    about="The share of the version that an active rollout brings in, in percent.",
)
ROLLOUT_TURNS = Figure(
    name="carafe_rollout_turns_total",
    kind=Kind.COUNTER,
    labels=("model", "alias", "turn"),
    about="Turns that rollouts took by themselves: step, done or turned-back; one worker counts each.",
)
_SHADOW = ("model", "version", "shadow")

SHADOW_REQUESTS = Figure(
    name="carafe_shadow_requests_total",
    kind=Kind.COUNTER,
    labels=(*_SHADOW, "result"),
    about="Requests that a version answered and that were to be put before a shadow: compared, refused because the "
    "shadow does not take the rows, failed, or dropped unasked because too many waited.",
)
SHADOW_ROWS = Figure(
    name="carafe_shadow_rows_total",
    kind=Kind.COUNTER,
    labels=(*_SHADOW, "result"),
    about="Rows of compared requests: same or different, which is another label, or a number that differs by more than "
    "a millionth of the larger one.",
)
SHADOW_ABSOLUTE = Figure(
    name="carafe_shadow_absolute_difference",
    kind=Kind.SUMMARY,
    labels=_SHADOW,
    about="By how much a shadow's numbers differ, in the target's unit; of classes, the probability that differs most, "
    "where a request asked for probabilities.",
)
SHADOW_LARGEST = Figure(
    name="carafe_shadow_largest_difference",
    kind=Kind.GAUGE,
    labels=_SHADOW,
    merge=Merge.MOST,
    about="The largest of these differences since the workers began.",
)
SHADOW_RELATIVE = Figure(
    name="carafe_shadow_relative_difference",
    kind=Kind.HISTOGRAM,
    labels=_SHADOW,
    bounds=RELATIVE,
    about="By which share of the larger number a shadow's numbers differ.",
)
SHADOW_SECONDS = Figure(
    name="carafe_shadow_duration_seconds",
    kind=Kind.HISTOGRAM,
    labels=_SHADOW,
    bounds=SECONDS,
    about="How long shadows took for the requests that were put before them, at a low priority.",
)
SAMPLES = Figure(
    name="carafe_samples_total",
    kind=Kind.COUNTER,
    labels=("result",),
    about="Rows chosen for the record of rows and answers: written, or dropped because writing was behind or failed.",
)
LOG_LINES = Figure(
    name="carafe_access_log_lines_total",
    kind=Kind.COUNTER,
    labels=("result",),
    about="Requests chosen for the access log: written, or dropped because writing was behind or failed.",
)
WORKERS = Figure(name="carafe_workers", kind=Kind.GAUGE, about="Worker processes that answer.")
BUILD = Figure(
    name="carafe_build_info",
    kind=Kind.GAUGE,
    labels=("version", "python"),
    merge=Merge.MOST,
    about="Always 1; its labels say which Carafe runs on which Python.",
)
CPU = Figure(name="process_cpu_seconds_total", kind=Kind.COUNTER, about="Processor time that the workers have used.")
RESIDENT = Figure(
    name="process_resident_memory_bytes",
    kind=Kind.GAUGE,
    about="Memory that the workers hold; pages that they share are counted for each.",
)
VIRTUAL = Figure(name="process_virtual_memory_bytes", kind=Kind.GAUGE, about="Address space of the workers.")
OPEN_FILES = Figure(name="process_open_fds", kind=Kind.GAUGE, about="File descriptors that the workers have open.")
MOST_FILES = Figure(
    name="process_max_fds",
    kind=Kind.GAUGE,
    merge=Merge.LEAST,
    about="File descriptors that one worker may have open.",
)
STARTED = Figure(
    name="process_start_time_seconds",
    kind=Kind.GAUGE,
    merge=Merge.LEAST,
    about="When the oldest worker was started, in seconds since 1970.",
)

FIGURES: tuple[Figure, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Figure))
"""All of them, in the order in which they are told."""

BY_NAME = {figure.name: figure for figure in FIGURES}
