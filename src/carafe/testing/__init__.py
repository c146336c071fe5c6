"""Contract suites: what every implementation of an interface must do, for Carafe's own and for yours.

Each ``check_*`` function takes a factory (of fresh, empty stores, or of a model and its rows) and raises
AssertionError where the contract is broken; the tuples hold the single checks, for a test that runs and names them one
by one::

    @pytest.mark.parametrize("check", METADATA_CHECKS)
    def test_my_store_keeps_the_contract(check):
        check(MyMetadata)
"""

from carafe.testing.answer_cache import ANSWER_CACHE_CHECKS, check_answer_cache
from carafe.testing.artefact_store import (
    ARTEFACT_CHECKS,
    SHARED_CHECKS,
    check_artefact_store,
    check_shared_artefacts,
)
from carafe.testing.key_store import KEY_CHECKS, check_key_store
from carafe.testing.limiter import LIMITER_CHECKS, check_limiter
from carafe.testing.metadata_store import METADATA_CHECKS, check_metadata_store
from carafe.testing.model import MODEL_CHECKS, check_model

__all__ = [
    "ANSWER_CACHE_CHECKS",
    "ARTEFACT_CHECKS",
    "KEY_CHECKS",
    "LIMITER_CHECKS",
    "METADATA_CHECKS",
    "MODEL_CHECKS",
    "SHARED_CHECKS",
    "check_answer_cache",
    "check_artefact_store",
    "check_key_store",
    "check_limiter",
    "check_metadata_store",
    "check_model",
    "check_shared_artefacts",
]
