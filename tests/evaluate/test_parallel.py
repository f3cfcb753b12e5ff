"""With a served model several cases are asked at a time; what comes of them is as if they were asked one by one."""

import threading

import pytest
from small_suite import CASES, Stub, build_workspace, write_suite

from assistant.errors import ModelUnavailable
from assistant.evaluate import run_suite
from assistant.evaluate.log import read_log

SERVED = '[settings.llm]\nname = "openai"\nbase_url = "http://127.0.0.1:9/v1"\nmodel = "m"\nrequests = 2\n'


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return build_workspace(tmp_path_factory.mktemp("workspace"))


class Together(Stub):
    """Answers only when two ask at the same time."""

    def __init__(self, workspace):
        super().__init__(workspace)
        self.meeting = threading.Barrier(2, timeout=30)

    def ask(self, *given, **options):
        self.meeting.wait()
        return super().ask(*given, **options)


def test_two_are_asked_at_a_time_and_kept_in_the_suites_order(workspace):
    cases = [*CASES, CASES[0] | {"id": "once more"}]
    suite = write_suite(workspace, cases, SERVED, name="served")
    together = Together(workspace)
    result = run_suite(suite, workspace=workspace, open_assistant=lambda _: together)
    assert not result.set_aside
    assert together.asked == 4
    assert list(result.samples) == [case["id"] for case in cases]
    alone = run_suite(
        write_suite(workspace, cases, name="alone"), workspace=workspace, open_assistant=lambda _: Stub(workspace)
    )
    timed = {name for name, metric in alone.definitions.items() if metric.bounds is None}
    same = [alone.metrics[name] == result.metrics[name] for name in alone.metrics if name not in timed]
    assert all(same)


def test_a_lost_server_keeps_what_is_done(workspace):
    many = [CASES[0] | {"id": f"case {n}"} for n in range(8)]
    suite = write_suite(workspace, many, SERVED, name="lost")
    with pytest.raises(ModelUnavailable, match="of 8 cases are kept"):
        run_suite(suite, workspace=workspace, open_assistant=lambda _: Stub(workspace, fails_after=3))
    (folder,) = (workspace / "eval" / "runs").glob("lost-*")
    kept = read_log(folder)
    assert len(kept) == 3  # those that were under way when the server was lost among them
    counting = Stub(workspace)
    result = run_suite(suite, workspace=workspace, open_assistant=lambda _: counting)
    assert counting.asked == 5
    assert len(result.samples) == 8
