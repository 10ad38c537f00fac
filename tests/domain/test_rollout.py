"""Whether a recorded change really came up."""

from typing import Any

import pytest

from backend.domain.rollout import (
    ENDED_FOR,
    PATIENCE_PREPARING,
    PATIENCE_SECONDS,
    PATIENCE_UNPLACED,
    Sighting,
    Verdict,
    failures_since,
    judge,
    patience_seconds,
    rollout_hash,
)
from backend.domain.status import status_of
from backend.models.cluster import Service, Task
from tests.cluster_objects import NOW, OLD_SPEC, ago, nodes, service, task

THREE = nodes("n1", "n2", "n3")


def verdict(target: Service, tasks: list[Task], **seen: Any) -> Verdict | None:
    fields: dict[str, Any] = {"sent_at": ago(60), "converged_for": None, "unchanged_for": 1.0}
    fields["failures"] = failures_since(target, tasks, seen.get("sent_at", ago(60)))
    return judge(
        Sighting(
            service=target,
            tasks=tasks,
            nodes=THREE,
            status=status_of(target, tasks, THREE, NOW),
            **(fields | seen),
        )
    )


def test_a_rollout_succeeds_once_everything_held() -> None:
    assert verdict(service(), [task(1, "running")], converged_for=3.0) is None
    assert verdict(service(), [task(1, "running")], converged_for=11.0) == Verdict("succeeded")


def test_the_definitions_own_monitor_window_decides_when_it_has_one() -> None:
    target = service(spec={"UpdateConfig": {"Monitor": 30_000_000_000}})
    assert verdict(target, [task(1, "running")], converged_for=11.0) is None
    assert verdict(target, [task(1, "running")], converged_for=31.0) == Verdict("succeeded")


def test_an_old_failed_task_does_not_fail_a_new_rollout() -> None:
    old = [task(1, "failed", desired="shutdown", age=500 + n, since=400, exit_code=1) for n in range(5)]
    assert verdict(service(), [*old, task(1, "preparing", age=5)]) is None


def test_three_failures_of_the_new_spec_are_a_verdict_with_their_cause() -> None:
    failed = [task(1, "failed", desired="shutdown", age=50 - n, since=40 - n, exit_code=3) for n in range(3)]
    found = verdict(service(), [*failed, task(1, "ready", age=1)])
    assert found is not None
    assert (found.state, found.cause) == ("failed", "Exited with code 3 on n1.")


def test_rejected_tasks_fail_a_rollout() -> None:
    gone = [
        task(1, "rejected", desired="shutdown", age=50 - n, since=40 - n, error="No such image: web:9")
        for n in range(3)
    ]
    found = verdict(service(), [*gone, task(1, "ready", age=1)])
    assert found is not None
    assert found.state == "failed"
    assert "No such image: web:9" in (found.cause or "")


def test_a_batch_that_may_not_restart_fails_with_its_first_error() -> None:
    target = service(spec={"TaskTemplate": {"RestartPolicy": {"Condition": "none"}}})
    found = verdict(target, [task(1, "failed", desired="shutdown", age=30, since=20, exit_code=3)])
    assert found is not None
    assert found.state == "failed"


def test_no_progress_for_long_is_stuck_with_the_schedulers_words() -> None:
    waiting = task(1, "pending", on=None, error="no suitable node (insufficient resources on 3 nodes)")
    assert verdict(service(), [waiting], unchanged_for=PATIENCE_UNPLACED - 1) is None
    found = verdict(service(), [waiting], unchanged_for=PATIENCE_UNPLACED)
    assert found is not None
    assert found.state == "stuck"
    assert "insufficient resources" in (found.cause or "")


def test_a_job_succeeds_as_soon_as_its_completions_are_in() -> None:
    done = task(1, "complete", desired="complete", job_iteration=7)
    assert verdict(service(mode="replicated-job"), [done]) == Verdict("succeeded")


def test_an_update_that_swarm_paused_or_rolled_back_is_told_with_its_cause() -> None:
    failed = task(1, "failed", desired="shutdown", age=30, since=25, exit_code=3)
    paused = verdict(service(update="paused"), [failed])
    back = verdict(service(update="rollback_completed"), [task(1, "running")])
    assert paused is not None
    assert (paused.state, paused.cause) == ("failed", "Exited with code 3 on n1.")
    assert back is not None
    assert back.state == "rolled_back"


def test_an_update_state_from_before_the_change_says_nothing_about_it() -> None:
    assert verdict(service(update="paused"), [task(1, "preparing", age=1)], sent_at=ago(5)) is None


def three_failures() -> list[Task]:
    failed = [task(1, "failed", desired="shutdown", age=50 - n, since=40 - n, exit_code=3) for n in range(3)]
    return [*failed, task(1, "ready", age=1)]


@pytest.mark.parametrize(
    ("action", "decided"), [("continue", "failed"), ("pause", None), ("rollback", None), (None, None)]
)
def test_while_swarm_itself_will_pause_or_go_back_its_decision_is_awaited(
    action: str | None, decided: str | None
) -> None:
    target = service(update="updating", spec={"UpdateConfig": {"FailureAction": action}})
    found = verdict(target, three_failures())
    assert (found and found.state) == decided


def test_attempts_that_were_asked_for_are_awaited() -> None:
    target = service(spec={"TaskTemplate": {"RestartPolicy": {"MaxAttempts": 5}}})
    assert verdict(target, three_failures()) is None
    last = verdict(target, [task(1, "failed", desired="shutdown", age=30, since=20)], ended_for=ENDED_FOR)
    assert last is not None
    assert last.state == "failed"


def test_failures_spread_over_slots_are_no_crash_loop() -> None:
    spread = [task(slot, "failed", desired="shutdown", age=30, since=20) for slot in (1, 2, 3)]
    again = [task(slot, "starting", age=10) for slot in (1, 2, 3)]
    assert verdict(service(replicas=3), [*spread, *again]) is None


def test_a_program_that_ends_well_again_and_again_is_told_how_to_be_a_batch() -> None:
    ended = [task(1, "complete", desired="shutdown", age=50 - n, since=40 - n) for n in range(3)]
    found = verdict(service(), [*ended, task(1, "ready", age=1)])
    assert found is not None
    assert "restart_policy.condition" in (found.cause or "")


def test_what_is_scaled_away_has_to_be_gone() -> None:
    still = [task(1, "running", desired="shutdown")]
    assert verdict(service(replicas=0), still) is None
    assert verdict(service(replicas=0), [task(1, "shutdown", desired="shutdown")]) == Verdict("succeeded")


@pytest.mark.parametrize(
    ("state", "error", "seconds"),
    [
        ("pending", "no suitable node", PATIENCE_UNPLACED),
        ("preparing", "", PATIENCE_PREPARING),
        ("starting", "", PATIENCE_SECONDS),
    ],
)
def test_patience_depends_on_what_is_waited_for(state: str, error: str, seconds: float) -> None:
    waiting = [task(1, state, error=error)]
    assert verdict(service(), waiting, unchanged_for=seconds - 1) is None
    found = verdict(service(), waiting, unchanged_for=seconds)
    assert found is not None
    assert found.state == "stuck"


def test_waits_that_the_definition_asks_for_are_added() -> None:
    second = 1_000_000_000
    spec = {
        "UpdateConfig": {"Delay": 60 * second},
        "TaskTemplate": {"ContainerSpec": {"StopGracePeriod": 30 * second}},
    }
    assert patience_seconds(service(spec=spec), [], THREE) == PATIENCE_SECONDS + 90


def test_a_host_port_that_start_first_can_never_have_is_explained() -> None:
    target = service(spec={"UpdateConfig": {"Order": "start-first"}})
    waiting = task(1, "pending", on=None, error="no suitable node (host-mode port already in use on 3 nodes)")
    found = verdict(target, [waiting], unchanged_for=PATIENCE_UNPLACED)
    assert found is not None
    assert "stop-first" in (found.cause or "")


def test_the_fingerprint_sees_what_decides_about_tasks_and_nothing_else() -> None:
    spec = {"Name": "web", "Labels": {"a": "1"}, "TaskTemplate": {"ForceUpdate": 1}, "Mode": {"Global": {}}}
    assert rollout_hash(spec) == rollout_hash({**spec, "Labels": {}, "UpdateConfig": {"Delay": 1}})
    assert rollout_hash(spec) != rollout_hash({**spec, "TaskTemplate": {"ForceUpdate": 2}})
    assert rollout_hash(spec) != rollout_hash({**spec, "Mode": {"Replicated": {"Replicas": 2}}})


def test_a_failure_of_the_old_spec_just_before_the_change_is_not_one_of_the_change() -> None:
    just_before = [
        task(1, "failed", desired="shutdown", age=6.5 - n / 10, spec_digest=OLD_SPEC) for n in range(3)
    ]
    assert failures_since(service(), just_before, ago(5)) == []
    of_the_new_one = task(1, "failed", desired="shutdown", age=5.5)
    assert failures_since(service(), [*just_before, of_the_new_one], ago(5)) == [of_the_new_one]
