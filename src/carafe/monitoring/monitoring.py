"""Everything that watches a service, put together in one place."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from carafe.monitoring import figures
from carafe.monitoring.access_log import AccessLog
from carafe.monitoring.background import Background
from carafe.monitoring.figures import Figure
from carafe.monitoring.metrics import Metrics
from carafe.monitoring.sample_files import FOLDER, SampleFiles
from carafe.monitoring.samples import Sampler
from carafe.monitoring.telling import Telling
from carafe.serving import Observer
from carafe.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Monitoring:
    """The observers of a service, its figures, and the thread that writes."""

    observers: tuple[Observer, ...]
    telling: Telling
    background: Background


def build_monitoring(settings: Settings) -> Monitoring:
    """Return what watches a service with these settings; nothing runs before ``background`` is started."""
    background = Background()
    metrics = Metrics(began=background.ensure)
    telling = Telling(metrics, home=settings.home)
    observers: list[Observer] = [metrics]

    def counting(figure: Figure, result: str, amount: int) -> None:
        metrics.count(figure, (result,), amount)

    if settings.sample_rate > 0:
        files = sample_files(settings)
        sampler = Sampler(
            rate=settings.sample_rate,
            files=files,
            count=partial(counting, figures.SAMPLES),
            wake=background.wake,
        )
        observers.append(sampler)
        background.add(sampler.round)
    if settings.access_log > 0:
        counted = partial(counting, figures.LOG_LINES)
        log = AccessLog(rate=settings.access_log, count=counted, wake=background.wake)
        observers.append(log)
        background.add(log.round)
    background.add(telling.round)
    return Monitoring(observers=tuple(observers), telling=telling, background=background)


def sample_files(settings: Settings) -> SampleFiles:
    """Return where sampled rows of this home are kept."""
    return SampleFiles(settings.home / FOLDER, max_bytes=settings.sample_max_bytes, max_days=settings.sample_days)
