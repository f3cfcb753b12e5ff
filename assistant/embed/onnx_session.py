"""ONNX models on the CPU: a session with deliberate threads, and an inner tensor made an output."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import onnxruntime


def open_session(model: Path | bytes, threads: int) -> onnxruntime.InferenceSession:
    """A CPU session of a model file or its bytes that computes on `threads` threads; `run` is thread-safe."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # warnings about the exporter's graph are nothing a user can act on
    source = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


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
