"""Exit codes in words."""

import pytest

from backend.domain.exit_codes import meaning


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (None, None),
        (0, "ended by itself without an error"),
        (1, None),
        (3, None),
        (125, "the engine could not start it"),
        (126, "the command cannot be executed"),
        (127, "command not found"),
        (137, "killed: out of memory or by hand"),
        (138, "killed by signal 10"),
        (139, "segmentation fault"),
        (143, "terminated"),
        (193, None),
        (254, None),
    ],
)
def test_a_code_means_what_shells_and_kernels_mean_by_it(code: int | None, words: str | None) -> None:
    assert meaning(code) == words
