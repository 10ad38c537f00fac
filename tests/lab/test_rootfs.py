"""A cached root file system is used when it is whole, and built again when it is not."""

import subprocess
from pathlib import Path

import pytest

import lab.rootfs
from lab import LabError
from lab.rootfs import RootfsCache, debian_mirror


def silence(_: str) -> None:
    """Nobody listens to the progress."""


class Builder:
    """Stands in for mmdebstrap: writes every file that has to be there, or all but one and then stops."""

    def __init__(self) -> None:
        self.built = 0
        self.stops_half_way = False

    def __call__(self, _suite: str, target: Path, _mirror: str, _log: Path, _included: list[str]) -> None:
        self.built += 1
        for name in lab.rootfs._VITAL:
            file = target / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(name * self.built)
            if self.stops_half_way:
                raise LabError("interrupted")


@pytest.fixture
def builder(monkeypatch: pytest.MonkeyPatch) -> Builder:
    builder = Builder()
    monkeypatch.setattr(lab.rootfs, "run_mmdebstrap", builder)
    monkeypatch.setattr(lab.rootfs, "debian_mirror", lambda: "http://mirror.example/debian")
    monkeypatch.setattr(lab.rootfs, "require_tools", lambda *_tools, **_options: None)
    return builder


def test_a_whole_one_is_built_once(tmp_path: Path, builder: Builder) -> None:
    cache = RootfsCache(tmp_path)
    first = cache.get("trixie", silence)
    assert cache.get("trixie", silence) == first
    assert RootfsCache(tmp_path).get("trixie", silence) == first
    assert builder.built == 1


def test_a_build_that_was_cut_short_is_never_taken_for_a_finished_one(
    tmp_path: Path, builder: Builder
) -> None:
    cache = RootfsCache(tmp_path)
    builder.stops_half_way = True
    with pytest.raises(LabError, match="interrupted"):
        cache.get("trixie", silence)
    assert cache.fault("trixie") == "it does not exist"
    # As after kill -9, when nobody tidied up.
    (tmp_path / f"{cache.path('trixie').name}.unfinished-1" / "usr").mkdir(parents=True)
    builder.stops_half_way = False
    assert cache.get("trixie", silence).is_dir()
    assert cache.fault("trixie") is None
    assert not list(tmp_path.glob("*.unfinished*"))


@pytest.mark.parametrize("damage", ["marker gone", "marker cut", "engine gone", "engine cut"])
def test_a_broken_one_is_noticed_and_built_again(tmp_path: Path, builder: Builder, damage: str) -> None:
    cache = RootfsCache(tmp_path)
    rootfs = cache.get("trixie", silence)
    file = rootfs / (".lab-complete.json" if damage.startswith("marker") else "usr/sbin/dockerd")
    if damage.endswith("gone"):
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:5])
    said: list[str] = []
    assert cache.fault("trixie")
    assert cache.get("trixie", said.append) == rootfs
    assert cache.fault("trixie") is None
    assert builder.built == 2
    assert "not whole" in said[0]


def test_other_packages_are_another_root_file_system(
    tmp_path: Path, builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = RootfsCache(tmp_path)
    before = cache.get("trixie", silence)
    monkeypatch.setattr(lab.rootfs, "_PACKAGES", [*lab.rootfs._PACKAGES, "rsync"])
    assert cache.get("trixie", silence) != before
    assert before.is_dir()
    assert builder.built == 2


@pytest.mark.lab
def test_without_a_mirror_one_sentence_says_what_to_do_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lab.rootfs, "debian_mirror", lambda: f"file://{tmp_path}/nothing")
    with pytest.raises(LabError, match=r"could not be built from .* `docker swarm init`") as refused:
        RootfsCache(tmp_path).get("trixie", silence)
    assert "\n" not in str(refused.value)
    assert (tmp_path / "trixie.log").stat().st_size
    assert RootfsCache(tmp_path).fault("trixie") == "it does not exist"


@pytest.mark.parametrize(
    ("apt_says", "mirror"),
    [
        ("Debian\tmain\tbookworm\thttp://mirror.example/debian/", "http://mirror.example/debian"),
        (
            "Debian\tmain\ttrixie-security\thttp://a.example/s/\nDebian\tmain\ttrixie\thttp://a.example/d/",
            "http://a.example/d",
        ),
        ("\tmain\ttrixie\thttp://mirror.example/debian/", "http://mirror.example/debian"),
        ("Ubuntu\tmain\tnoble\thttp://mirror.example/ubuntu/", "http://deb.debian.org/debian"),
        ("", "http://deb.debian.org/debian"),
    ],
)
def test_the_mirror_is_the_one_that_apt_uses(
    apt_says: str, mirror: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = subprocess.CompletedProcess([], 0, stdout=apt_says)
    monkeypatch.setattr(subprocess, "run", lambda *_args, **_options: answer)
    assert debian_mirror() == mirror


def test_a_list_of_mirrors_gives_its_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirrors = tmp_path / "debian.list"
    mirrors.write_text("# ours\nhttp://near.example/debian/\tpriority:1\nhttp://far.example/debian/\n")
    line = f"Debian\tmain\tbookworm\tmirror+file:{mirrors}/"
    monkeypatch.setattr(
        subprocess, "run", lambda *_args, **_options: subprocess.CompletedProcess([], 0, stdout=line)
    )
    assert debian_mirror() == "http://near.example/debian"
