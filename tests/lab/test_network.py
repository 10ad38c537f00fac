"""Which subnet a lab takes."""

import json

import pytest

import lab.network
from lab import LabError
from lab.network import Network, free_networks


def numbers(monkeypatch: pytest.MonkeyPatch, *routes: str) -> list[int]:
    table = json.dumps([{"dst": route} for route in routes])
    monkeypatch.setattr(lab.network, "run", lambda *_command: table)
    return [network.number for network in free_networks()]


def test_the_first_free_one_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    assert numbers(monkeypatch, "default", "192.168.1.0/24")[:2] == [0, 1]
    assert numbers(monkeypatch, "10.210.0.0/24", "10.210.0.255", "10.210.2.0/24")[:2] == [1, 3]


def test_a_wider_route_makes_it_second_choice_and_a_narrower_one_no_choice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert numbers(monkeypatch, "10.0.0.0/8", "10.210.0.17")[:2] == [1, 2]
    assert numbers(monkeypatch, "10.210.0.0/17")[0] == 128


def test_none_left_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LabError, match="No subnet of"):
        numbers(monkeypatch, *(f"10.210.{number}.0/24" for number in range(256)))


def test_names_fit_into_what_the_kernel_allows() -> None:
    assert len(Network(255).link(200)) <= 15
