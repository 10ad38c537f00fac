"""The examples are documentation, seed data and test data at once."""

from pathlib import Path

import pytest

from backend.domain.definition_text import as_mapping, parse, to_text
from backend.domain.image_reference import PLACEHOLDER
from backend.domain.service_spec import build_spec
from backend.models.definitions import Definition

EXAMPLES = sorted((Path(__file__).parents[2] / "definitions" / "examples").glob("*.yaml"))
PROJECTS = EXAMPLES[0].parent / "projects"
WANTED = {
    "hello-world",
    "greeter",
    "batch-job",
    "gpu-service",
    "x11-display",
    "node-agent",
    "hello-project",
}


def test_every_kind_of_service_has_its_example() -> None:
    assert {path.stem for path in EXAMPLES} == WANTED


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: str(path.stem))
def test_an_example_reads_explains_itself_and_becomes_a_spec(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    definition = parse(text, name=path.stem)
    assert as_mapping(text)["name"] == path.stem
    assert definition.image.startswith(f"{PLACEHOLDER}/")
    assert text.startswith("# ")
    assert build_spec(definition, image="registry.example/x:1")["Name"] == path.stem
    assert parse(to_text(as_mapping(text), name=path.stem), name=path.stem) == definition


def test_the_tour_shows_every_key_of_the_brief() -> None:
    keys = as_mapping((EXAMPLES[0].parent / "hello-world.yaml").read_text(encoding="utf-8")).keys()
    assert keys >= {
        "name",
        "image",
        "replicas",
        "ports",
        "env",
        "constraints",
        "labels",
        "networks",
        "mounts",
    }


def test_ports_of_the_examples_work_without_a_routing_mesh() -> None:
    for path in EXAMPLES:
        definition = parse(path.read_text(encoding="utf-8"), name=path.stem)
        assert all(port.mode == "host" for port in definition.ports), path.stem


def test_the_example_that_is_built_has_its_project_and_asks_for_no_hub() -> None:
    text = (EXAMPLES[0].parent / "hello-project.yaml").read_text(encoding="utf-8")
    definition = parse(text, name="hello-project")
    assert definition.build_context == "hello"
    folder = PROJECTS / "hello"
    dockerfile = (folder / (definition.dockerfile or "Dockerfile")).read_text(encoding="utf-8")
    assert "ARG REGISTRY_HOST\nARG BASE=${REGISTRY_HOST}/hello-world:1\nFROM ${BASE}\n" in dockerfile
    assert "COPY index.html" in dockerfile
    assert "# syntax=" not in dockerfile
    assert "version: <b>1</b>" in (folder / "index.html").read_text(encoding="utf-8")


def test_the_examples_publish_ports_of_their_own() -> None:
    definitions = [parse(path.read_text(encoding="utf-8"), name=path.stem) for path in EXAMPLES]
    ports = [port.published for definition in definitions for port in definition.ports]
    assert len(ports) == len(set(ports))


def test_the_guide_documents_every_key() -> None:
    guide = (EXAMPLES[0].parents[2] / "docs" / "guide" / "definitions.md").read_text(encoding="utf-8")
    assert [key for key in Definition.model_fields if f"`{key}`" not in guide] == []
