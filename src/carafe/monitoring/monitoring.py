"""Everything that watches a service, put together in one place."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from carafe.access.home import SAMPLES
from carafe.monitoring import figures
from carafe.monitoring.access_log import AccessLog
from carafe.monitoring.background import Background
from carafe.monitoring.figures import Figure
from carafe.monitoring.metrics import Metrics
from carafe.monitoring.rollouts import RolloutFollower
from carafe.monitoring.sample_files import SampleFiles
from carafe.monitoring.samples import Sampler
from carafe.monitoring.telling import Telling
from carafe.registry import Rollouts
from carafe.serving import Observer
from carafe.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Monitoring:
    """The observers of a service, its figures, the thread that writes, and the one that moves rollouts on."""

    observers: tuple[Observer, ...]
    telling: Telling
    background: Background
    follower: RolloutFollower

    def ensure(self) -> None:
        """Start what goes on beside the requests in this process, unless it runs."""
        self.background.ensure()
        self.follower.ensure()

    def stop(self) -> None:
        """Write what waits to be written, and end."""
        self.follower.stop()
        self.background.stop()


def build_monitoring(settings: Settings, *, rollouts: Rollouts) -> Monitoring:
    """Return what watches a service with these settings and moves its rollouts on; nothing runs before ``ensure``."""
    background = Background()

    def count(figure: Figure, labels: tuple[str, ...], amount: float) -> None:
        metrics.count(figure, labels, amount)

    follower = RolloutFollower(rollouts, count=count)

    def began() -> None:
        background.ensure()
        follower.ensure()

    metrics = Metrics(began=began, kept=follower.tell)
    telling = Telling(metrics, home=settings.home)
    observers: list[Observer] = [metrics, follower.observer]

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
    return Monitoring(observers=tuple(observers), telling=telling, background=background, follower=follower)


def sample_files(settings: Settings) -> SampleFiles:
    """Return where sampled rows of this home are kept."""
    return SampleFiles(settings.home / SAMPLES, max_bytes=settings.sample_max_bytes, max_days=settings.sample_days)
