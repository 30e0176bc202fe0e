from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ragmed.index.ranking import best_rows


@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.5, 1.0, 2.0])), st.integers(-1, 12))
def test_best_rows_are_those_of_a_full_sort(scores: list[float], k: int) -> None:
    expected = sorted((row for row, score in enumerate(scores) if score > 0), key=lambda row: (-scores[row], row))
    assert best_rows(np.array(scores, dtype=np.float32), k).tolist() == expected[: max(k, 0)]
