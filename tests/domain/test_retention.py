"""Which old builds may leave a registry, and which never."""

from backend.domain.retention import BuiltTag, deletable, superfluous


def built(*tags: str, service: str = "web") -> list[BuiltTag]:
    """Newest first; `!` marks one that failed, `~` one under way."""
    return [BuiltTag(service, tag.strip("!~"), tag[0] not in "!~", tag[0] == "~") for tag in tags]


def test_the_newest_builds_of_each_service_stay() -> None:
    both = [*built("w4", "w3", "w2", "w1"), *built("d2", "d1", service="db")]
    assert superfluous(both, kept=2) == {"w2", "w1"}
    assert superfluous(both, kept=4) == set()


def test_failures_do_not_count_as_kept_and_go_with_what_is_older() -> None:
    assert superfluous(built("w5", "!w4", "w3", "!w2", "w1"), kept=2) == {"w2", "w1"}


def test_what_is_under_way_stays_however_late_it_is() -> None:
    assert superfluous(built("w3", "w2", "~w1"), kept=1) == {"w2"}


def test_a_manifest_goes_only_when_every_tag_on_it_is_old() -> None:
    tags = {"old": ["a"], "older": ["a"], "shared": ["b"], "latest": ["b"], "alone": ["c"]}
    assert deletable(tags, {"old", "older", "shared", "alone"}, ()) == {"a": {"old", "older"}, "c": {"alone"}}


def test_nothing_goes_that_is_needed_or_is_a_platform_of_what_stays() -> None:
    tags = {"needed": ["a"], "below": ["b"], "multi": ["i", "b", "x"], "index": ["j", "y"]}
    old = {"needed", "below", "index"}
    assert deletable(tags, old, {"a"}) == {"j": {"index"}}
    assert deletable(tags, old, {"a", "y"}) == {}, "a service may be pinned to one platform of an index"
