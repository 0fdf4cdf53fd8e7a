import inspect
from itertools import count
from unittest.mock import patch

import pytest
import torch
from torch.ao.quantization import HistogramObserver

from qviz.engine.serving.histogram_search import searched_once


@pytest.fixture(autouse=True)
def torchs_own(monkeypatch: pytest.MonkeyPatch):
    """Let torch search as it does without the memory of the tests."""
    search = inspect.unwrap(HistogramObserver._non_linear_param_search)
    monkeypatch.setattr(HistogramObserver, "_non_linear_param_search", search)


def test_a_range_is_searched_once_until_the_observer_sees_more():
    observer = HistogramObserver()
    observer(torch.linspace(-1, 2, 100))
    plain = observer.calculate_qparams()
    with patch.object(HistogramObserver, "_compute_quantization_error", autospec=True, side_effect=count()) as error:
        with searched_once():
            assert observer.calculate_qparams() == observer.calculate_qparams()
            searched = error.call_count
            observer.calculate_qparams()
            assert error.call_count == searched > 0
            observer(torch.tensor([9.0]))
            observer.calculate_qparams()
            assert error.call_count > searched
        searched = error.call_count
        observer.calculate_qparams()
        assert error.call_count > searched
    with searched_once():
        again = HistogramObserver()
        again(torch.linspace(-1, 2, 100))
        assert again.calculate_qparams() == plain


def test_a_loaded_state_is_searched_anew():
    wide, narrow = HistogramObserver(), HistogramObserver()
    wide(torch.linspace(-9, 9, 100))
    narrow(torch.linspace(-1, 1, 100))
    with searched_once():
        before = narrow.calculate_qparams()
        narrow.load_state_dict(wide.state_dict())
        assert narrow.calculate_qparams() == wide.calculate_qparams() != before
