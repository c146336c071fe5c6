from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from carafe.models.steps import ShortNames


def short(*names: str) -> list[str]:
    step = ShortNames().fit(np.zeros((1, len(names))))
    return [str(name) for name in step.get_feature_names_out(list(names))]


def test_the_group_before_a_name_is_left_out() -> None:
    assert short("numbers__age", "categories__sex_male") == ["age", "sex_male"]


def test_scikit_learns_own_names_are_put_into_words() -> None:
    found = short("missing__missingindicator_age", "categories__zone_infrequent_sklearn")
    assert found == ["age_missing", "zone_rare"]


def test_a_name_that_two_groups_share_keeps_its_group() -> None:
    assert short("numbers__a_b", "categories__a_b", "numbers__c") == ["numbers__a_b", "categories__a_b", "c"]


def test_what_is_still_equal_gets_a_number() -> None:
    assert short("categories__a_b", "categories__a_b") == ["categories__a_b", "categories__a_b#2"]


def test_a_column_whose_own_name_has_underscores_keeps_them() -> None:
    assert short("numbers__my__age") == ["my__age"]


def test_the_matrix_itself_passes_through() -> None:
    dense, sparse = np.ones((2, 3)), csr_matrix(np.eye(3))
    assert ShortNames().fit_transform(dense) is dense
    assert ShortNames().fit_transform(sparse) is sparse
