"""The artefact: a model as immutable, signed data, and the way back from that data to something that answers.

* ``model``: what every loaded model can do. ``features``: what it sees.
* ``manifest``: everything that is known about a version, as one serialisable structure.
* ``container``: the kind of table an estimator was fitted on, so that serving can rebuild exactly that.
* ``artefact``: seal and load. ``verification``: signature and digests. ``golden``: the answers that every load must
  reproduce.
* ``flavours``: how a kind of model is kept in files; imported only when a version needs it.
"""

from carafe.models.features import Features
from carafe.models.manifest import Manifest
from carafe.models.model import Model
from carafe.models.verification import Artefact

__all__ = ["Artefact", "Features", "Manifest", "Model"]
