"""Draws are named by seed, purpose and counters, and by nothing else."""

from __future__ import annotations

import torch

from untrain.rng import derive, numpy_rng, rng


def test_derived_seeds_never_change() -> None:
    """Another value here would change every run that was ever recorded."""
    assert derive(0, "shuffle", "retain", 3) == 8_545_083_336_914_686_169


def test_seed_purpose_and_every_counter_matter() -> None:
    seeds = [derive(0, "a"), derive(1, "a"), derive(0, "b"), derive(0, "a", 0), derive(0, "a", 1)]
    assert len({*seeds, derive(0, "a", 0, 1), derive(0, "a", 1, 0)}) == 7


def test_every_call_is_a_fresh_generator_with_equal_draws() -> None:
    assert torch.equal(torch.rand(3, generator=rng(0, "a")), torch.rand(3, generator=rng(0, "a")))
    assert numpy_rng(0, "a").random() == numpy_rng(0, "a").random()


def test_torchs_global_random_state_stays_untouched() -> None:
    before = torch.get_rng_state()
    torch.rand(3, generator=rng(0, "a"))
    assert torch.equal(torch.get_rng_state(), before)
