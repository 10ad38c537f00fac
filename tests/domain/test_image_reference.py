"""Image references are read as Docker reads them."""

import pytest

from backend.domain.image_reference import ImageReference, check_image, expand_registry_host
from backend.errors import InvalidInput

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "registry", "repository", "tag", "digest"),
    [
        ("nginx", "docker.io", "library/nginx", None, None),
        ("nginx:1.27", "docker.io", "library/nginx", "1.27", None),
        ("docker.io/nginx", "docker.io", "library/nginx", None, None),
        ("bitnami/redis:7", "docker.io", "bitnami/redis", "7", None),
        ("10.0.0.5:5000/web", "10.0.0.5:5000", "web", None, None),
        ("localhost/web:x", "localhost", "web", "x", None),
        ("registry:5000/team/web:1_a-b.c", "registry:5000", "team/web", "1_a-b.c", None),
        ("[fd00::1]:5000/web", "[fd00::1]:5000", "web", None, None),
        (f"ghcr.io/a/b__c/d-e.f:v1@{DIGEST}", "ghcr.io", "a/b__c/d-e.f", "v1", DIGEST),
        (f"nginx@{DIGEST}", "docker.io", "library/nginx", None, DIGEST),
    ],
)
def test_a_reference_falls_into_its_pieces(
    text: str, registry: str, repository: str, tag: str | None, digest: str | None
) -> None:
    found = ImageReference.parse(text)
    assert (found.registry, found.repository, found.tag, found.digest) == (registry, repository, tag, digest)


@pytest.mark.parametrize(
    ("text", "familiar"),
    [
        ("docker.io/library/nginx:1", "nginx:1"),
        ("docker.io/bitnami/redis", "bitnami/redis"),
        ("10.0.0.5:5000/library/web:1", "10.0.0.5:5000/library/web:1"),
    ],
)
def test_the_familiar_form_is_what_people_write(text: str, familiar: str) -> None:
    assert ImageReference.parse(text).familiar == familiar


def test_a_tag_can_be_pinned_and_freed_again() -> None:
    pinned = ImageReference.parse("web:1").with_digest(DIGEST)
    assert pinned.familiar == f"web:1@{DIGEST}"
    assert ImageReference.parse(pinned.familiar) == pinned
    assert pinned.without_digest().familiar == "web:1"


def test_latest_is_meant_only_when_neither_tag_nor_digest_is_written() -> None:
    assert ImageReference.parse("web").or_latest().tag == "latest"
    assert ImageReference.parse("web:2").or_latest().tag == "2"
    assert ImageReference.parse(f"web@{DIGEST}").or_latest().tag is None


def test_only_the_registrys_host_is_filled_in() -> None:
    assert expand_registry_host("${REGISTRY_HOST}/web:1", "10.0.0.5:5000") == "10.0.0.5:5000/web:1"
    assert expand_registry_host("nginx:1", None) == "nginx:1"


@pytest.mark.parametrize(
    "image", ["${TAG}/web", "$REGISTRY_HOST/web", "${REGISTRY_HOST}/web:${TAG}", "${registry_host}/x"]
)
def test_any_other_variable_is_an_error_that_says_so(image: str) -> None:
    with pytest.raises(InvalidInput, match=r"only \$\{REGISTRY_HOST\} is replaced"):
        expand_registry_host(image, "10.0.0.5:5000")


def test_a_placeholder_without_a_registry_says_what_to_set() -> None:
    with pytest.raises(InvalidInput, match="REGISTRY_URL"):
        expand_registry_host("${REGISTRY_HOST}/web", "")


def test_names_shorter_than_a_kibibyte_are_judged_at_once() -> None:
    with pytest.raises(InvalidInput):
        ImageReference.parse("a-" * 100_000)


def test_a_definitions_image_is_refused_as_it_was_written() -> None:
    with pytest.raises(InvalidInput) as refused:
        check_image("${REGISTRY_HOST}/Team/App:1")
    assert refused.value.errors[0].reason.startswith("'${REGISTRY_HOST}/Team/App:1' has capital letters")
