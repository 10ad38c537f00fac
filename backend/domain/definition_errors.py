"""What pydantic says about a definition → sentences with the path as the author wrote it."""

import re
from collections.abc import Iterable
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from backend.domain.constraints import nearest
from backend.domain.yaml_tree import Path
from backend.errors import FieldError, InvalidInput
from backend.models.definitions import Definition

Problem = tuple[Path, str]
MAX_PROBLEMS: Final = 20

# Words from Compose and the docker CLI that have another name or place here.
ELSEWHERE: Final = {
    "environment": "did you mean 'env'?",
    "volumes": "did you mean 'mounts'?",
    "deploy": "its keys (replicas, resources, update_config, placement, …) stand at the top level here",
    "build": "did you mean 'build_context' (with 'dockerfile' and 'build_args')?",
    "shm_size": "write 'tmpfs: [\"/dev/shm:size=4g\"]' instead",
    "network_mode": "write 'networks: [host]' for the host's network",
    "devices": "swarm hands out no devices; reserve GPUs with resources.reservations.generic_resources",
    "privileged": "swarm runs no privileged containers",
    "env_file": "write the variables under 'env'; no file of the server is read",
    "restart": "did you mean 'restart_policy'?",
    "depends_on": "swarm starts services in no order",
    "container_name": "tasks are named by swarm",
    "links": "did you mean 'networks'?",
    "host_ip": "swarm publishes on every address of a node",
    "version": "a definition has none",
    "services": "a file holds one service; its keys stand at the top level",
    "args": "did you mean 'command' or 'build_args'?",
    "hosts": "did you mean 'extra_hosts'?",
    "hard": "did you mean 'soft' and 'hard' under the limit's name?",
}


def path_text(path: Path) -> str:
    """`ports[0].target`"""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else (f".{step}" if text else step)
    return text


def problems_of(error: ValidationError) -> list[Problem]:
    """What pydantic found, up to as much as anybody would read: finding near keys takes its time."""
    # A misspelled key explains why the right one is missing, so it comes first.
    found = sorted(
        error.errors(include_url=False, include_input=False), key=lambda one: one["type"] == "missing"
    )
    return [_problem(one["type"], one["loc"], one["msg"]) for one in found[:MAX_PROBLEMS]]


def _problem(kind: str, where: tuple[int | str, ...], message: str) -> Problem:
    path: Path = tuple(step for step in where if step != "[key]")
    if kind == "extra_forbidden":
        return path, _unknown_key(path)
    if kind == "missing":
        return path, "is missing" if len(path) > 1 else f"is missing; a definition has '{path[-1]}'"
    # Readers of whole lists name the item in front of the sentence.
    if found := re.match(r"\[([0-9]+)\] ", message):
        return (*path, int(found[1])), message[found.end() :]
    return path, message


def _unknown_key(path: Path) -> str:
    key = str(path[-1])
    known = sorted(_keys_at(path[:-1]))
    spelled = key.lower().replace("-", "_")
    if key in ELSEWHERE and (len(path) == 1 or not nearest(spelled, known)):
        hint = ELSEWHERE[key]
    elif near := nearest(spelled, known):
        hint = f"did you mean '{near}'?"
    elif len(known) <= 12:
        hint = f"known here are {', '.join(known)}"
    else:
        hint = f"the nearest known key is '{nearest(spelled, known, cutoff=0.0)}'"
    return f"unknown key '{key[:60]}'; {hint}"


def _keys_at(path: Path) -> set[str]:
    model: Any = Definition
    free_key = False
    for step in path:
        if free_key or isinstance(step, int):
            # The author's own key, or an index: what follows are the items.
            free_key = False
            continue
        field = model.model_fields.get(step) if _is_model(model) else None
        model = _inner(field.annotation) if field else None
        free_key = field is not None and get_origin(field.annotation) is dict
    return set(model.model_fields) if _is_model(model) else set()


def _is_model(thing: Any) -> bool:
    return isinstance(thing, type) and issubclass(thing, BaseModel)


def _inner(annotation: Any) -> Any:
    """The model inside `Annotated`, optional, tuple and dict types."""
    if isinstance(annotation, type) and not get_origin(annotation):
        return annotation
    origin, args = get_origin(annotation), get_args(annotation)
    if origin in {Union, UnionType}:
        return _inner(next((arg for arg in args if arg is not type(None)), None))
    if origin is tuple:
        return _inner(args[0])
    if origin is dict:
        return _inner(args[1])
    return _inner(args[0]) if args else None


def invalid(problems: Iterable[tuple[Path, str, tuple[int, int] | None]]) -> InvalidInput:
    """One error out of many problems, each with its place in the text when there is one."""
    errors = tuple(
        FieldError(
            path_text(path)[:200] or "definition",
            reason,
            line=None if at is None else at[0] + 1,
            column=None if at is None else at[1] + 1,
        )
        for path, reason, at in problems
    )
    first = errors[0]
    where = f"line {first.line}: " if first.line else ""
    others = len(errors) - 1
    more = f" (and {others} more)" if others else ""
    return InvalidInput(
        f"{where}{first.field}: {first.reason}{more}", code="invalid_definition", errors=errors
    )
