"""From rows to answers: which versions are loaded, which one answers, and who is told.

* ``predictor``: the one door through which every protocol asks.
* ``catalog``: the versions that are loaded, and what each alias points at. ``watch``: keeps it up to date, by
  ``following`` the registry. ``faults``: what can't be loaded, kept ``afresh``.
* ``kept``: what stays loaded and why: what aliases answer with (``targets``), and a ``shelf`` of so many versions and
  bytes (``footprint``).
* ``split``: which of several versions of an alias answers. ``pointing``: what an alias points at, loaded as a whole.
* ``shadow``: puts requests before versions whose answers nobody sees. ``difference``: how far apart two answers are.
* ``loading``: how one version is loaded, once, however many ask for it.
* ``arrangement``: how a loaded version is asked, by what it costs (``costs``) and by the settings.
* ``batcher``: requests that wait for a busy model share its next run (``turn``, ``deadline``).
* ``cache``: answers that are kept, under keys of their content (``cache_key``), in memory or in Redis.
* ``served``: a loaded version. ``readiness``: whether this process can answer.
* ``observers``: hooks that do nothing by default.
"""

from carafe.serving.catalog import Catalog
from carafe.serving.observers import Answered, Finished, Looked, Observer, Outcome, Run, Shadowed
from carafe.serving.predictor import Predictor
from carafe.serving.readiness import Fault, Readiness
from carafe.serving.served import Served
from carafe.serving.split import Split
from carafe.serving.watch import Watch

__all__ = [
    "Answered",
    "Catalog",
    "Fault",
    "Finished",
    "Looked",
    "Observer",
    "Outcome",
    "Predictor",
    "Readiness",
    "Run",
    "Served",
    "Shadowed",
    "Split",
    "Watch",
]
