"""ONNX models on the CPU: sessions, batches side by side, an inner tensor made an output, a stored tensor read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import onnxruntime


Batch = TypeVar("Batch")


def open_session(model: Path | bytes) -> onnxruntime.InferenceSession:
    """A CPU session of a model file or of its bytes; `run` may be called from several threads at once.

    One batch is computed on one thread: `for_each_batch` puts batches side by side instead. Threads inside one
    operator wait for each other after each of some hundred small operators, which took 1.6 times the processor time
    (docs/encoders.md), and they wait spinning, at the cost of whatever else the machine does.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # warnings about the exporter's graph are nothing a user can act on
    source = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def for_each_batch(compute: Callable[[Batch], None], batches: Iterable[Batch], threads: int) -> None:
    """Call `compute` on each batch, `threads` at a time; the first error is raised once the running ones end."""
    work = list(batches)
    if len(work) < 2 or threads < 2:
        for batch in work:
            compute(batch)
        return
    with ThreadPoolExecutor(min(threads, len(work)), thread_name_prefix="encode") as pool:
        try:
            for _ in pool.map(compute, work):
                pass
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def with_output(model: bytes, tensor: str) -> bytes:
    """The serialized ONNX model with its inner float tensor `tensor` as one more output.

    A protobuf parser merges a message field that occurs twice and joins its repeated fields (protobuf's encoding
    guide, "Last One Wins"), so a second, tiny `graph` that holds one `output` is all that has to be appended:
    `ModelProto{graph=7: GraphProto{output=12: ValueInfoProto{name=1, type=2: {tensor_type=1: {elem_type=1: FLOAT}}}}}`.
    A name that the model does not have is found out when the session is opened.
    """
    float_type = _field(2, _field(1, b"\x08\x01"))
    return model + _field(7, _field(12, _field(1, tensor.encode()) + float_type))


def initializer(model: bytes, name: str) -> tuple[tuple[int, ...], memoryview]:
    """Shape and raw bytes of a stored tensor of a serialized ONNX model: `ModelProto.graph` (7), its `initializer`s
    (5), of each `dims` (1), `name` (8) and `raw_data` (9).

    Raises KeyError when the model has none of that name, or keeps it elsewhere than in its raw data.
    """
    for _, graph in _fields(memoryview(model), 7):
        for _, tensor in _fields(graph, 5):
            parts = list(_fields(tensor, 1, 8, 9))
            if [bytes(part) for number, part in parts if number == 8] != [name.encode()]:
                continue
            raw = [part for number, part in parts if number == 9]
            if raw:
                return tuple(size for number, part in parts if number == 1 for size in _sizes(part)), raw[0]
    raise KeyError(name)


def _fields(message: memoryview, *wanted: int) -> Iterator[tuple[int, memoryview]]:
    """Number and payload of a protobuf message's fields of these numbers, in their order; a number's own bytes."""
    at = 0
    while at < len(message):
        tag, at = _read_varint(message, at)
        number, wire = tag >> 3, tag & 7
        start = at
        if wire == 0:
            _, at = _read_varint(message, at)
        elif wire == 2:
            length, start = _read_varint(message, at)
            at = start + length
        else:
            at += {1: 8, 5: 4}[wire]
        if number in wanted:
            yield number, message[start:at]


def _sizes(part: memoryview) -> Iterator[int]:
    """The numbers of a repeated field, packed or single."""
    at = 0
    while at < len(part):
        value, at = _read_varint(part, at)
        yield value


def _read_varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _field(number: int, payload: bytes) -> bytes:
    """A length-delimited protobuf field."""
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def _varint(value: int) -> bytes:
    digits = bytearray()
    while value > 0x7F:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    digits.append(value)
    return bytes(digits)
