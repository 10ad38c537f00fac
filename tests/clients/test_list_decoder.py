"""Long lists are decoded while they arrive, wherever they are cut."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.clients import list_decoder
from backend.clients.list_decoder import KnownFirst, ListDecoder


class Item(msgspec.Struct, rename={"id": "ID", "parts": "Parts"}):
    id: str
    parts: list[dict[str, str]] = []


def decode(body: bytes, size: int) -> list[str]:
    decoder = ListDecoder(Item, lambda item: item.id)
    for at in range(0, len(body), size):
        decoder.feed(body[at : at + size])
    return decoder.finish()


@given(
    items=st.lists(
        st.fixed_dictionaries(
            {
                "ID": st.text(max_size=20) | st.just('},{"ID":'),
                "Parts": st.lists(st.fixed_dictionaries({"ID": st.text(max_size=5)}), max_size=4),
            }
        ),
        max_size=30,
    ),
    size=st.integers(1, 64),
    piece=st.integers(1, 200),
)
def test_every_cut_gives_the_same_list(items: list[dict[str, object]], size: int, piece: int) -> None:
    body = msgspec.json.encode(items) + b"\n"
    patch = pytest.MonkeyPatch()
    with patch.context() as changed:
        changed.setattr(list_decoder, "_PIECE", piece)
        assert decode(body, size) == [item["ID"] for item in items]


@pytest.mark.parametrize("body", [b"null\n", b"[]\n", b"[]"])
def test_go_writes_an_empty_list_in_several_ways(body: bytes) -> None:
    assert decode(body, 2) == []


@pytest.mark.parametrize("body", [b"", b"{}", b"[{]", b'[{"ID":1}]', b'[{"ID":"a"}'])
def test_what_is_no_list_is_an_error(body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(body, 3)


class Numbered(msgspec.Struct, rename={"id": "ID", "version": "Version"}):
    id: str
    version: dict[str, int]


class Made(msgspec.Struct):
    id: str
    version: int


def test_only_the_same_id_at_the_same_version_is_taken_as_known() -> None:
    known = {"same": Made("same", 4), "newer": Made("newer", 4), "none": Made("none", 0)}
    convert = KnownFirst(Numbered, lambda one: Made(one.id, one.version.get("Index", 0)), known.get)
    decoder = ListDecoder(msgspec.Raw, convert)
    decoder.feed(
        b'[{"ID":"same","Version":{"Index":4},"Spec":{"ID":"newer"}},{"ID":"newer","Version":{"Index":5}},'
        b'{"ID":"never","Version":{"Index":1}},{"ID":"none","Version":{}}]'
    )
    same, newer, never, none = decoder.finish()
    assert same is known["same"]
    assert (newer, never, none) == (Made("newer", 5), Made("never", 1), Made("none", 0))
    assert none is not known["none"]
