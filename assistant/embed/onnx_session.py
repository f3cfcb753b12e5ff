"""ONNX models on the CPU: sessions, batches side by side, and an inner tensor made an output."""

from __future__ import annotations

from collections.abc import Callable, Iterable
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
