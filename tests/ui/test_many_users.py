"""Fifty visitors ask at once: nobody is turned away, nobody gets another one's answer, memory stays where it is."""

import asyncio

import pytest
from simulated import measured_visits

VISITORS = 50


def check(tally, minutes):
    told = tally.summary()
    assert not tally.errors and not tally.mixed_up, told
    assert len(tally.whole_s) > VISITORS * minutes, told
    assert tally.waited > VISITORS / 2, told  # they were told their place meanwhile
    kept = tally.memory_mb
    assert max(kept) < 1.15 * kept[len(kept) // 2] + 30, told


def test_fifty_visitors_for_a_minute(chest_workspace):
    check(asyncio.run(measured_visits(chest_workspace, VISITORS, seconds=60)), minutes=1)


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_fifty_visitors_for_ten_minutes(chest_workspace):
    check(asyncio.run(measured_visits(chest_workspace, VISITORS, seconds=600)), minutes=10)
