"""An inner tensor made an output by appending to the serialized model, shown on one small enough to write by hand."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.embed.onnx_session import for_each_batch, open_session, with_output

onnx_runtime = pytest.importorskip("onnxruntime")


def field(number: int, payload: bytes) -> bytes:
    assert len(payload) < 128
    return bytes([number << 3 | 2, len(payload)]) + payload


def node(operator: bytes, taken: list[bytes], given: bytes) -> bytes:
    return field(1, b"".join(field(1, t) for t in taken) + field(2, given) + field(4, operator))


def value(name: bytes) -> bytes:
    """A ValueInfoProto: a float tensor of shape (2,)."""
    return field(1, name) + field(2, field(1, b"\x08\x01" + field(2, field(1, b"\x08\x02"))))


# x → Neg → inner → Abs → y, operator set 13
GRAPH = node(b"Neg", [b"x"], b"inner") + node(b"Abs", [b"inner"], b"y") + field(2, b"g") + field(11, value(b"x"))
MODEL = b"\x08\x07" + field(7, GRAPH + field(12, value(b"y"))) + field(8, b"\x10\x0d")


def test_the_inner_tensor_comes_out_beside_the_models_own_output() -> None:
    x = np.array([1.0, -2.0], np.float32)
    assert [o.name for o in open_session(MODEL).get_outputs()] == ["y"]
    session = open_session(with_output(MODEL, "inner"))
    assert [o.name for o in session.get_outputs()] == ["y", "inner"]
    inner, y = session.run(["inner", "y"], {"x": x})
    assert inner.tolist() == [-1.0, 2.0]
    assert y.tolist() == [1.0, 2.0]


def test_a_long_name_is_written_with_a_long_length() -> None:
    name = "n" * 200  # over 127: the length takes two bytes
    appended = with_output(b"", name)
    assert name.encode() in appended
    assert appended[:3] == bytes([7 << 3 | 2, 0x80 | (len(appended) - 3 & 0x7F), len(appended) - 3 >> 7])


def test_a_tensor_that_the_model_lacks_is_found_out_when_it_is_opened() -> None:
    with pytest.raises(Exception, match="nowhere"):
        open_session(with_output(MODEL, "nowhere"))


def test_every_batch_is_computed_once_and_an_error_comes_through() -> None:
    done: list[int] = []
    for_each_batch(done.append, range(20), threads=3)
    assert sorted(done) == list(range(20))
    with pytest.raises(ZeroDivisionError):
        for_each_batch(lambda n: done.append(1 // n), [1, 0, 2], threads=2)
