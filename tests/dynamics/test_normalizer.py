import pytest
import torch

from robot_meta.dynamics.normalizer import Normalizer


def test_normalized_data_has_mean_zero_and_std_one():
    values = 5.0 + 3.0 * torch.randn(1000, 4, generator=torch.Generator().manual_seed(0))
    normalized = Normalizer.fit(values).normalize(values)
    torch.testing.assert_close(normalized.mean(0), torch.zeros(4), atol=1e-5, rtol=0)
    torch.testing.assert_close(normalized.std(0), torch.ones(4), atol=1e-5, rtol=0)


def test_a_channel_that_never_moved_does_not_explode():
    values = torch.randn(1000, 3, generator=torch.Generator().manual_seed(0))
    values[:, 1] = 2.0
    normalizer = Normalizer.fit(values)
    nudged = values.clone()
    nudged[:, 1] += 1e-4
    assert normalizer.normalize(nudged)[:, 1].abs().max() < 1.0


def test_data_that_is_not_finite_is_refused():
    with pytest.raises(ValueError, match="finite"):
        Normalizer.fit(torch.tensor([[1.0], [float("nan")]]))
