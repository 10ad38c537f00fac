"""Addresses of registries as people configure them, and the list in REGISTRIES_FILE."""

import pytest

from backend.domain.registry_address import HUB_URL, read_address, read_host
from backend.domain.registry_list import read_list
from backend.errors import InvalidInput


@pytest.mark.parametrize(
    ("written", "host", "url"),
    [
        ("http://10.0.0.5:5000", "10.0.0.5:5000", "http://10.0.0.5:5000"),
        ("http://10.0.0.5:5000/", "10.0.0.5:5000", "http://10.0.0.5:5000"),
        ("https://Registry.Example.com/v2/", "registry.example.com", "https://registry.example.com"),
        ("HTTP://registry:5000", "registry:5000", "http://registry:5000"),
        ("http://[fd00::1]:5000", "[fd00::1]:5000", "http://[fd00::1]:5000"),
        # A bare word in an image is a user of the hub, so its port is written out.
        ("http://registry", "registry:80", "http://registry"),
        ("https://registry", "registry:443", "https://registry"),
        ("localhost", "localhost", "http://localhost"),
        # Without a scheme: HTTPS, and plain HTTP on loopback.
        ("10.0.0.5:5000", "10.0.0.5:5000", "https://10.0.0.5:5000"),
        ("127.0.0.1:5000", "127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("[::1]:5000", "[::1]:5000", "http://[::1]:5000"),
        ("127.evil.example:5000", "127.evil.example:5000", "https://127.evil.example:5000"),
        ("https://index.docker.io/v1/", "docker.io", HUB_URL),
        ("docker.io", "docker.io", HUB_URL),
    ],
)
def test_an_address_is_a_scheme_and_a_host_and_names_the_host_of_images(
    written: str, host: str, url: str
) -> None:
    found = read_address(written)
    assert (found.address.host, found.address.url, found.username) == (host, url, "")


def test_a_user_in_an_address_is_taken_out_of_it() -> None:
    found = read_address("http://ci:s%40cret@10.0.0.5:5000")
    assert (found.address.url, found.username, found.password) == ("http://10.0.0.5:5000", "ci", "s@cret")
    assert "s@cret" not in repr(found)


@pytest.mark.parametrize(
    "written",
    [
        *(
            "",
            "http://",
            "ftp://h:1",
            "http://h:0",
            "http://h:65536",
            "http://h:port",
            "http://-h",
            "unix:///x",
        ),
        *(
            "http://h:1/team",
            "http://h:1?a",
            "http://h:1#a",
            "http://a b:1",
            "http://h\n:1",
            "http://ü.example",
        ),
        # What resolvers take for addresses, and addresses where no registry is.
        *("http://2130706433", "http://0x7f.1", "http://127.1:5000", "http://0177.0.0.1", "http://[::1"),
        *(
            "http://169.254.169.254",
            "http://0.0.0.0:5000",
            "http://[::]:5000",
            "http://[fe80::1]",
            "http://224.0.0.1",
        ),
        *("http://user:canary/x@h:1", "http://u:canary?@h:1", "http://a@b@c d:1", "http://h:1\\@evil"),
        *("http://h%2f:1", "http://h:1/../x", "http://[::ffff:169.254.169.254]"),
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(written: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_address(written.strip(" ") if written.strip() else "/")
    assert "canary" not in refused.value.detail


@pytest.mark.parametrize(
    ("text", "host"),
    [("Ghcr.io", "ghcr.io"), ("10.0.0.5:5000", "10.0.0.5:5000"), ("index.docker.io", "docker.io")],
)
def test_a_host_is_written_as_in_images(text: str, host: str) -> None:
    assert read_host(text) == host


@pytest.mark.parametrize("text", ["", "team", "a/b.c", "u@h:1", "http://h:1", "h:99999", "169.254.1.1", ".."])
def test_what_is_no_host_of_an_image_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        read_host(text)


def test_a_list_names_hosts_users_and_files() -> None:
    hub, lan = read_list(
        """
- url: https://ghcr.io
  username: ci
  password_file: ghcr
- url: http://10.0.0.9:5000
  host: registry.lan:5000
"""
    )
    assert (hub.address.host, hub.username, hub.password_file) == ("ghcr.io", "ci", "ghcr")
    assert (lan.address.host, lan.address.url, lan.line) == ("registry.lan:5000", "http://10.0.0.9:5000", 5)
    assert read_list("") == read_list("[]") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("url: https://a.b", "line 1: a list is expected"),
        ("- https://a.b", "line 1: a registry is a mapping"),
        ("- username: x", "line 1: url is missing"),
        ("- url: https://a.b\n  user: x", "line 2: user is no key of a registry"),
        ("- url: https://a.b\n  username: x", "line 1: password_file is missing beside a username"),
        ("- url: https://a.b\n  password: x", "line 1: username is missing beside a password"),
        ("- url: https://a.b/c", "line 1: url a registry's address ends after its host"),
        ("- url: https://u:canary@a.b", "line 1: url holds a user"),
        ("- url: https://a.b\n  host: a/b", "line 2: host a registry's host"),
        ("- url: [a]", "line 1: url needs a text"),
        (
            "- url: https://a.b\n  username: u\n  password: &canary x",
            "line 3: the list cannot have an anchor",
        ),
        ("- url: https://a.b\n  username: u\n  password: *canary", "line 3: the list cannot have an alias"),
        ("- url: https://a.b\n  username: u\n  password: !canary", "line 3: the list cannot have a tag"),
        ("- url: 'https://a.b", "line 1: not valid YAML"),
        ("[" * 60_000, "line 1: the list cannot have more than 50 levels"),
    ],
)
def test_a_mistake_in_the_list_is_named_by_line_and_key_and_shows_no_password(text: str, said: str) -> None:
    with pytest.raises(ValueError, match="REGISTRIES_FILE") as refused:
        read_list(text)
    assert str(refused.value).startswith(f"REGISTRIES_FILE: {said}")
    assert "canary" not in str(refused.value)
