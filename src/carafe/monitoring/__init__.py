"""What a running service does, for those who watch it: figures, samples and a log. All of them observe serving.

* ``figures``: every figure, declared once. ``metrics``: the observer that counts them, ``tally``: in cells that threads
  do not share, ``unseen``: by column, ``shadows``: of versions that are asked along. ``snapshot``: all at one
  moment.
* ``telling``: the figures of all workers, which meet in ``workers``; ``exposition``: as Prometheus reads them.
  ``process``: what a worker uses of the machine.
* ``samples``: rows and answers for later, kept in ``sample_files``. ``access_log``: one line of JSON a request.
* ``rollout_counts``: the observer that compares the two versions of a rollout, ``rollouts``: who takes its next turn.
* ``background``: the thread that writes. ``monitoring``: all of this put together.
"""

from carafe.monitoring.exposition import CONTENT_TYPE
from carafe.monitoring.monitoring import Monitoring, build_monitoring, sample_files
from carafe.monitoring.samples import Sample, read_samples
from carafe.monitoring.shadows import ShadowCounts, shadow_counts
from carafe.monitoring.workers import forget_workers

__all__ = [
    "CONTENT_TYPE",
    "Monitoring",
    "Sample",
    "ShadowCounts",
    "build_monitoring",
    "forget_workers",
    "read_samples",
    "sample_files",
    "shadow_counts",
]
