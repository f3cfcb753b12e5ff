"""Fifty visitors ask at once: nobody is turned away, nobody gets another one's answer, memory stays where it is."""

import pytest
from own_loop import finished
from small_archive import build_small_archive
from visiting import measured_visits

VISITORS = 50


@pytest.fixture
def workspace(tmp_path):
    build_small_archive(tmp_path)
    return tmp_path


def check(tally):
    told = tally.summary()
    assert not tally.errors and not tally.mixed_up, told
    assert len(tally.whole_s) >= VISITORS, told
    assert tally.waited > VISITORS / 2, told  # they were told their place meanwhile
    kept = tally.memory_mb
    assert max(kept) < 1.15 * kept[len(kept) // 2] + 30, told


@pytest.mark.timeout(900)  # on a busy machine coming in alone takes minutes
def test_fifty_visitors_for_a_minute(workspace):
    check(finished(measured_visits(workspace, VISITORS, seconds=60)))


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_fifty_visitors_for_ten_minutes(workspace):
    check(finished(measured_visits(workspace, VISITORS, seconds=600)))
