"""How often a 95 % interval holds the truth: a thousand simulated suites each, a tenth in CI."""

import pytest
from simulated import HARD, SIMULATIONS


@pytest.mark.parametrize("simulation", SIMULATIONS, ids=lambda simulation: simulation.name)
def test_a_tenth(simulation):
    """At least 88 of 100: three standard errors below 95."""
    assert simulation.coverage(100) >= 0.88


@pytest.mark.slow
@pytest.mark.parametrize("simulation", SIMULATIONS, ids=lambda simulation: simulation.name)
def test_coverage(simulation):
    assert 0.93 <= simulation.coverage(1000) <= 0.97


@pytest.mark.slow
@pytest.mark.parametrize("simulation", HARD, ids=lambda simulation: simulation.name)
def test_coverage_where_events_are_few(simulation):
    assert simulation.coverage(1000) >= 0.92
