"""Turns at the processors and the models: in order, bounded, and nobody more than a share."""

import threading
from contextlib import ExitStack

import pytest

from assistant.errors import TooBusy
from assistant.settings import UiSettings
from assistant.ui.capacity import OWN_CALLS, Capacity, resource_of


def test_no_more_than_the_slots_run_at_a_time_and_in_order():
    capacity = Capacity(UiSettings(cpu_slots=2))
    running, most, order = [], [], []
    lock, started = threading.Lock(), threading.Semaphore(0)

    def work(number):
        with capacity.turn("cpu") as turn:
            started.release()
            turn.hold()
            with lock:
                running.append(number)
                most.append(len(running))
                order.append(number)
            threading.Event().wait(0.01)
            with lock:
                running.remove(number)

    threads = []
    for number in range(20):  # each is in the line before the next one comes
        threads.append(threading.Thread(target=work, args=(number,)))
        threads[-1].start()
        started.acquire()
    for thread in threads:
        thread.join(timeout=30)
    assert max(most) == 2 and sorted(order) == list(range(20))
    assert all(abs(place - number) <= 1 for place, number in enumerate(order))
    assert capacity.waiting() == 0


def test_whoever_waits_is_told_the_place_and_moves_up_when_one_before_gives_up():
    capacity = Capacity(UiSettings(cpu_slots=1))
    with capacity.turn("cpu") as first:
        first.hold()
        second, third = capacity.turn("cpu"), capacity.turn("cpu")
        second.__enter__()
        third.__enter__()
        places = third.wait()
        assert next(places) == 2
        second.__exit__()  # stopped while it waited
        assert next(places) == 1
    assert list(places) == []  # its turn has come
    with capacity.turn("local") as other:
        assert list(other.wait()) == []  # another resource has a line of its own
    third.__exit__()
    with capacity.turn("cpu") as last:
        assert list(last.wait()) == []


def test_a_generator_that_is_dropped_while_it_waits_leaves_the_line():
    capacity = Capacity(UiSettings(cpu_slots=1))

    def question():
        with capacity.question("ada"), capacity.turn("cpu") as turn:
            yield from turn.wait()
            yield 0

    with capacity.turn("cpu") as first:
        first.hold()
        asked = question()
        assert next(asked) == 1
        asked.close()
        assert capacity.waiting() == 0
    with capacity.question("ada"), capacity.question("ada"):
        pass


def test_nobody_has_more_questions_at_a_time_or_a_minute_than_a_share(monkeypatch):
    now = [1_000.0]
    monkeypatch.setattr("assistant.ui.capacity.time.monotonic", lambda: now[0])
    capacity = Capacity(UiSettings(own_questions=2, questions_per_minute=4))
    with capacity.question("ada"), capacity.question("ada"):
        with pytest.raises(TooBusy, match=r"2 of your questions .*ui\.own_questions"), capacity.question("ada"):
            pass
        with capacity.question("grace"):
            pass
    for _ in range(2):
        now[0] += 10
        with capacity.question("ada"):
            pass
    with pytest.raises(TooBusy, match="ask again in 40 s"), capacity.question("ada"):
        pass
    now[0] += 41
    with capacity.question("ada"):
        pass


def test_a_full_line_turns_the_next_one_away():
    capacity = Capacity(UiSettings(cpu_slots=1, waiting=1))
    with capacity.turn("cpu") as first, capacity.turn("cpu"):
        first.hold()
        with pytest.raises(TooBusy, match=r"ui\.waiting"), capacity.question("grace"):
            pass


def test_programs_have_a_share_of_calls_too():
    capacity = Capacity(UiSettings(cpu_slots=OWN_CALLS + 1))
    with ExitStack() as calls:
        for _ in range(OWN_CALLS):
            calls.enter_context(capacity.call("ada"))
        with pytest.raises(TooBusy, match="of your calls"), capacity.call("ada"):
            pass
        with capacity.call("grace"):
            pass
    with capacity.call("ada"):
        pass


def test_each_answerer_has_its_resource():
    assert [resource_of(name) for name in ("quote", "local", "openai")] == ["cpu", "local", "served"]
