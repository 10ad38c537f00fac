"""What builders said on real engines, and what people are told instead."""

import pytest

from backend.clients.build_causes import advised
from backend.clients.build_output import failed

REF = "56b8f178-521a-4f4f-b83a-f51885b29bb3::tma0bsz8ay6odx16inaxvbn0m"
HUB = "docker.io/library/alpine:3"
HUB_AWAY = (
    f"alpine:3: failed to resolve source metadata for {HUB}: failed to do request: Head "
    '"https://registry-1.docker.io/v2/library/alpine/manifests/3": dial tcp: lookup '
    "registry-1.docker.io on 10.0.0.53:53: no such host (did you mean alpine?)"
)
NOT_SENT = (
    "COPY failed: file not found in build context or excluded by .dockerignore: stat nothere: file does not "
    "exist"
)


@pytest.mark.parametrize(
    ("said", "step", "told"),
    [
        (
            'process "/bin/sh -c make\n  all" did not complete successfully: exit code: 2',
            "[build 3/7] RUN make\n  all",
            "`RUN make all` ended with exit code 2",
        ),
        (
            "The command '/bin/sh -c make' returned a non-zero code: 2",
            None,
            "`RUN make` ended with exit code 2",
        ),
        (
            f'failed to compute cache key: failed to calculate checksum of ref {REF}: "/nothere": not found',
            "[2/2] COPY nothere /x",
            "`COPY nothere /x` finds no 'nothere': paths begin at the folder that is built",
        ),
        (NOT_SENT, "[2/2] COPY nothere /x", "`COPY nothere /x` finds no 'nothere'"),
        ("no build stage in current context", None, "an instruction before its first FROM"),
        ("the Dockerfile cannot be empty", None, "has to begin with a FROM line"),
        ('target stage "nonesuch" could not be found', None, "has no stage nonesuch, which `target` names"),
        (
            "a:5000/a:9: failed to resolve source metadata for a:5000/a:9: a:5000/a:9: not found",
            None,
            "The registry has no a:5000/a:9, which a FROM line names",
        ),
        ("manifest for 10.0.0.5:5000/a:9 not found: manifest unknown", None, "has no 10.0.0.5:5000/a:9"),
        ("No such image: a:5000/web:1", None, "There is no a:5000/web:1 for the platform that is built for"),
        ("a:5000/web:1: no match for platform in manifest: not found", None, "There is no a:5000/web:1 for"),
        (HUB_AWAY, None, f"does not reach the registry of {HUB}, which a FROM line names: dial tcp: lookup"),
        (HUB_AWAY, None, "no such host. Let it reach"),
        (
            "dockerfile parse error on line 2: unknown instruction: RUNN (did you mean RUN?)",
            None,
            "unknown instruction: RUNN (did you mean RUN?)",
        ),
    ],
)
def test_what_a_builder_says_is_told_in_our_words(said: str, step: str | None, told: str) -> None:
    found = advised(failed(said, step=step), buildkit=True, old_engine=False)
    assert told in found.detail
    assert REF not in found.detail
    assert found.step == step


def test_a_long_command_is_shown_by_its_beginning_and_the_exit_code_stays() -> None:
    said = f'process "/bin/sh -c echo {"x" * 1000}" did not complete successfully: exit code: 137'
    found = advised(failed(said, step=f"[2/2] RUN echo {'x' * 1000}"), buildkit=True, old_engine=False)
    assert len(found.detail) < 300
    assert found.exit_code == 137
