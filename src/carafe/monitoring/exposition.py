"""Figures in the text format that Prometheus reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from typing import TYPE_CHECKING

from carafe.monitoring.figures import FIGURES, Figure, Kind
from carafe.monitoring.snapshot import Series, Snapshot

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def expose(snapshot: Snapshot, *, may_see: Callable[[str], bool] = lambda _: True) -> bytes:
    """Return the figures as text, in the order in which they are declared, series sorted by their labels.

    Args:
        snapshot: the figures.
        may_see: whether whoever asks may see the model of this name; the series of others are left out.
    """
    # slow to import, and not needed to answer predictions
    from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415
    from prometheus_client.registry import Collector  # noqa: PLC0415

    class Figures(Collector):
        def collect(self) -> Iterator[Metric]:
            return (_metric(figure, snapshot, may_see) for figure in FIGURES)

    registry = CollectorRegistry()
    registry.register(Figures())
    return generate_latest(registry)


def _metric(figure: Figure, snapshot: Snapshot, may_see: Callable[[str], bool]) -> Metric:
    model = figure.labels.index("model") if "model" in figure.labels else None

    def chosen(series: Series) -> bool:
        return series[0] == figure.name and (model is None or not series[1][model] or may_see(series[1][model]))

    if figure.kind in {Kind.HISTOGRAM, Kind.SUMMARY}:
        spreads = sorted((series[1], numbers) for series, numbers in snapshot.spreads.items() if chosen(series))
        return _spread(figure, spreads)
    numbers = snapshot.counters if figure.kind is Kind.COUNTER else snapshot.gauges
    return _number(figure, sorted((series[1], number) for series, number in numbers.items() if chosen(series)))


def _number(figure: Figure, series: Iterable[tuple[tuple[str, ...], float]]) -> Metric:
    from prometheus_client import core  # noqa: PLC0415

    family: core.CounterMetricFamily | core.GaugeMetricFamily
    if figure.kind is Kind.COUNTER:
        family = core.CounterMetricFamily(figure.name, figure.about, labels=figure.labels)
    else:
        family = core.GaugeMetricFamily(figure.name, figure.about, labels=figure.labels)
    for labels, number in series:
        family.add_metric(labels, number)
    return family


def _spread(figure: Figure, series: Iterable[tuple[tuple[str, ...], list[float]]]) -> Metric:
    from prometheus_client import core  # noqa: PLC0415

    if figure.kind is Kind.SUMMARY:
        summary = core.SummaryMetricFamily(figure.name, figure.about, labels=figure.labels)
        for labels, (total, count) in series:
            summary.add_metric(labels, int(count), total)
        return summary
    histogram = core.HistogramMetricFamily(figure.name, figure.about, labels=figure.labels)
    bounds = (*map(str, figure.bounds), "+Inf")
    for labels, (total, *buckets) in series:
        histogram.add_metric(labels, list(zip(bounds, accumulate(buckets), strict=True)), total)
    return histogram
