"""One status for a service, from what its tasks do."""

import pytest

from backend.domain.status import status_of
from tests.cluster_objects import NOW, OLD_SPEC, nodes, service, task

THREE = nodes("n1", "n2", "n3")


def test_all_wanted_tasks_up_is_running() -> None:
    found = status_of(service(replicas=2), [task(1, "running"), task(2, "running", on="n2")], THREE, NOW)
    assert (found.status, found.running, found.desired) == ("running", 2, 2)


def test_a_task_on_a_dead_node_is_not_counted_and_the_node_is_named() -> None:
    found = status_of(
        service(replicas=2),
        [task(1, "running"), task(2, "running", on="n2")],
        nodes("n1", "n2", down=("n2",)),
        NOW,
    )
    assert (found.status, found.reason, found.running) == ("degraded", "node_down", 1)
    assert "n2" in (found.message or "")


def test_the_replacement_of_a_task_on_a_dead_node_counts_once() -> None:
    tasks = [
        task(1, "running", on="n2", desired="shutdown", age=500),
        task(1, "running", on="n1", age=10),
    ]
    found = status_of(service(replicas=1), tasks, nodes("n1", "n2", down=("n2",)), NOW)
    assert (found.status, found.running) == ("running", 1)


def test_a_service_scaled_to_zero_is_stopped() -> None:
    found = status_of(service(replicas=0), [], THREE, NOW)
    assert (found.status, found.reason) == ("stopped", "scaled_to_zero")


def test_tasks_on_their_way_are_pending_and_counted_by_state() -> None:
    tasks = [task(1, "running"), task(2, "preparing", on="n2"), task(3, "preparing", on="n3")]
    found = status_of(service(replicas=3), tasks, THREE, NOW)
    assert (found.status, found.reason, found.message) == ("pending", "starting", "2 preparing.")


def test_a_service_just_created_without_any_task_yet_is_pending() -> None:
    found = status_of(service(replicas=3), [], THREE, NOW)
    assert (found.status, found.reason, found.running) == ("pending", "starting", 0)


def test_the_schedulers_own_words_explain_a_pending_task() -> None:
    words = "no suitable node (scheduling constraints not satisfied on 3 nodes)"
    found = status_of(service(), [task(1, "pending", on=None, error=words)], THREE, NOW)
    assert (found.status, found.reason) == ("pending", "no_suitable_node")
    assert "scheduling constraints not satisfied on 3 nodes" in (found.message or "")


def test_a_rejected_task_fails_a_service_of_one_and_degrades_one_of_two() -> None:
    rejected = [
        task(2, "rejected", on="n2", desired="shutdown", age=20, error="No such image: web:9"),
        task(2, "ready", on="n2", age=1),
    ]
    one = status_of(service(replicas=1), rejected, THREE, NOW)
    two = status_of(service(replicas=2), [task(1, "running"), *rejected], THREE, NOW)
    assert (one.status, one.reason) == ("failed", "rejected")
    assert (two.status, two.reason) == ("degraded", "rejected")
    assert "No such image: web:9" in (two.message or "")


def test_a_crash_loop_is_failed_also_in_the_moments_when_it_runs() -> None:
    tasks = [
        task(1, "failed", desired="shutdown", age=30, since=12, exit_code=3, error="task: non-zero exit (3)"),
        task(1, "running", age=8, since=2),
    ]
    found = status_of(service(), tasks, THREE, NOW)
    assert (found.status, found.reason, found.message) == (
        "failed",
        "restarting",
        "Exited with code 3 on n1.",
    )


def test_a_restart_that_held_is_running_again() -> None:
    tasks = [
        task(1, "failed", desired="shutdown", age=300, since=200, exit_code=3),
        task(1, "running", age=190, since=180),
    ]
    assert status_of(service(), tasks, THREE, NOW).status == "running"


def test_an_old_failure_does_not_colour_a_task_that_starts_after_a_drain() -> None:
    tasks = [
        task(1, "failed", desired="shutdown", age=9000, since=8000, exit_code=1),
        task(1, "shutdown", desired="shutdown", age=7900, since=3),
        task(1, "preparing", on="n2", age=3),
    ]
    found = status_of(service(), tasks, THREE, NOW)
    assert (found.status, found.reason) == ("pending", "starting")


def test_a_batch_that_ended_well_is_stopped_and_complete() -> None:
    found = status_of(service(), [task(1, "complete", desired="shutdown")], THREE, NOW)
    assert (found.status, found.reason, found.completed) == ("stopped", "complete", 1)


def test_a_batch_that_ended_with_an_error_is_failed() -> None:
    ended = task(1, "failed", desired="shutdown", exit_code=3, error="task: non-zero exit (3)")
    found = status_of(service(), [ended], THREE, NOW)
    assert (found.status, found.reason) == ("failed", "non_zero_exit")
    assert "code 3" in (found.message or "")


def test_failures_of_slots_that_were_scaled_away_are_history() -> None:
    tasks = [task(1, "running"), task(2, "failed", desired="shutdown", exit_code=1)]
    assert status_of(service(replicas=1), tasks, THREE, NOW).status == "running"


def test_only_tasks_of_the_present_spec_count_during_an_update() -> None:
    tasks = [task(1, "running", age=5), task(2, "running", on="n2", spec_digest=OLD_SPEC)]
    found = status_of(service(replicas=2, update="updating"), tasks, THREE, NOW)
    assert (found.status, found.running, found.desired) == ("updating", 1, 2)


@pytest.mark.parametrize(
    ("update", "reason"), [("paused", "update_paused"), ("rollback_paused", "update_paused")]
)
def test_a_paused_update_is_not_running(update: str, reason: str) -> None:
    tasks = [task(1, "running"), task(2, "running", on="n2", spec_digest=OLD_SPEC)]
    found = status_of(service(replicas=2, update=update), tasks, THREE, NOW)
    assert (found.status, found.reason) == ("degraded", reason)


def test_a_rolling_back_update_says_so() -> None:
    found = status_of(service(update="rollback_started"), [task(1, "preparing")], THREE, NOW)
    assert (found.status, found.reason) == ("updating", "rolling_back")


def test_a_global_service_wants_one_task_per_node_it_has() -> None:
    tasks = [task(None, "running", on=name) for name in ("n1", "n2", "n3")]
    found = status_of(service(mode="global", replicas=None), tasks, THREE, NOW)
    assert (found.status, found.running, found.desired) == ("running", 3, 3)


def test_a_global_service_that_no_node_may_run_is_pending() -> None:
    found = status_of(service(mode="global", replicas=None), [], THREE, NOW)
    assert (found.status, found.reason) == ("pending", "no_suitable_node")


def test_a_job_counts_its_present_iteration_only() -> None:
    tasks = [
        task(1, "complete", desired="complete", job_iteration=6),
        task(1, "complete", desired="complete", job_iteration=7, age=20),
        task(2, "running", desired="complete", job_iteration=7, age=20),
    ]
    found = status_of(service(mode="replicated-job", replicas=2), tasks, THREE, NOW)
    assert (found.status, found.completed, found.running, found.desired) == ("running", 1, 1, 2)


def test_a_job_whose_completions_are_in_is_stopped_and_complete() -> None:
    tasks = [task(slot, "complete", desired="complete", job_iteration=7) for slot in (1, 2)]
    found = status_of(service(mode="replicated-job", replicas=2), tasks, THREE, NOW)
    assert (found.status, found.reason, found.completed) == ("stopped", "complete", 2)


def test_a_job_that_nothing_started_yet_is_not_complete() -> None:
    found = status_of(service(mode="replicated-job", replicas=2), [], THREE, NOW)
    assert found.status == "pending"


def test_the_first_slot_of_a_job_is_one_slot_wherever_it_is_tried() -> None:
    tasks = [
        task(None, "failed", desired="shutdown", job_iteration=7, age=60, since=50, exit_code=1),
        task(None, "complete", on="n2", desired="complete", job_iteration=7, age=40),
        task(1, "complete", desired="complete", job_iteration=7, age=60),
    ]
    found = status_of(service(mode="replicated-job", replicas=2), tasks, THREE, NOW)
    assert (found.status, found.reason, found.completed) == ("stopped", "complete", 2)
