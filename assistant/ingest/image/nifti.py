"""NIfTI-1, NIfTI-2 and ANALYZE 7.5 volumes, through nibabel: representative slices as a radiologist looks at them."""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.errors import UnreadableFile
from assistant.ingest.content import Content
from assistant.ingest.image.depth import Depth, deep, plain_depth
from assistant.ingest.image.display import as_bytes, plain, stretch
from assistant.ingest.image.picture import check_pixels
from assistant.ingest.image.quality import BLANK, is_blank, quality
from assistant.ingest.image.slices import central, outward
from assistant.ingest.quiet import quiet
from assistant.ingest.text.passages import cut
from assistant.records import Image, Record
from assistant.settings import IngestSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray

Fields = dict[str, str | int | float]

_GZIP = b"\x1f\x8b"
_HEADER = 540  # bytes that a header of any of the three takes at most
_FEW_LABELS = 256  # a mask tells structures by a few whole numbers
_ANALYZE_BITS = {2: 8, 4: 16, 8: 32, 16: 32, 32: 64, 64: 64, 128: 24}  # of each type of voxel
_PLANES = {0: "sagittal", 1: "coronal", 2: "axial"}
_LOOKED_AT = 5  # slices from which a mask is told
# Of neighbouring voxels inside, the share with one value. In four MR volumes of nibabel's test files, cut down to eight
# bits, it is 0.03 to 0.05; in masks of one label made of them 1.0, of three labels 0.84 (32 × 20 × 12 voxels) to 1.0.
_SHARED = 0.7
_INTENT_LABEL = 1002  # NIFTI_INTENT_LABEL
_AIR, _BONE = -500, 300  # a slice that reaches from one to the other is taken for Hounsfield units
_SOFT_TISSUE = (40.0, 400.0)


def recognises(file: Content) -> bool:
    return _kind(_begin(file.data)) is not None


def is_volume(head: bytes) -> bool:
    """Whether a file that begins so is a volume, compressed or not."""
    return _kind(_begin(head)) is not None


def _begin(data: bytes) -> bytes:
    if not data.startswith(_GZIP):
        return data[:_HEADER]
    try:
        return zlib.decompressobj(31).decompress(data[:65_536], _HEADER)
    except zlib.error:
        return b""


def _kind(head: bytes) -> str | None:
    """ "n1", "n2" (single file), "p1", "p2" (header of a pair), "analyze", or None."""
    for number, at, size in ((b"1", 344, 348), (b"2", 4, 540)):
        sizes = struct.unpack("<i", head[:4]) + struct.unpack(">i", head[:4]) if len(head) >= 4 else ()
        if size in sizes and head[at : at + 3] in (b"n+" + number, b"ni" + number):
            return ("n" if head[at + 1 : at + 2] == b"+" else "p") + number.decode()
    # ANALYZE has no magic: its size, a plausible number of dimensions, and bits that fit the type of its voxels.
    for order in "<>" if len(head) >= 348 else "":
        (size,), dimensions = struct.unpack(f"{order}i", head[:4]), struct.unpack(f"{order}8h", head[40:56])
        kind, bits = struct.unpack(f"{order}2h", head[70:74])
        if size == 348 and 1 <= dimensions[0] <= 7 and min(dimensions[1:4]) > 0 and _ANALYZE_BITS.get(kind) == bits:
            return "analyze"
    return None


def read(file: Content, limits: IngestSettings) -> list[Record]:
    """A record for each representative slice (`part` "slice 12"); a mask becomes a text of its labels and volumes."""
    from nibabel.filebasedimages import ImageFileError
    from nibabel.spatialimages import HeaderDataError
    from nibabel.wrapstruct import WrapStructError

    with quiet():
        try:
            volume = _opened(file, limits)
            _check(file, volume, limits)
            return [_mask(file, volume, limits)] if _is_mask(volume) else _slices(file, volume, limits)
        except UnreadableFile:
            raise
        except MemoryError:
            raise file.refuse("the volume does not fit into memory") from None
        except WrapStructError:
            raise file.refuse("damaged volume (its header is cut off)") from None
        except (ImageFileError, HeaderDataError, ValueError, TypeError, OSError, EOFError, OverflowError) as error:
            raise file.refuse("damaged volume ({said})", said=" ".join(str(error).split())[:160]) from None


def read_depth(file: Content, n: int, limits: IngestSettings) -> Depth:
    """Slice `n` (from 0) of a volume with its own values, as `read` displays it. Raises UnreadableFile."""
    from nibabel.filebasedimages import ImageFileError

    with quiet():
        try:
            volume = _opened(file, limits)
            _check(file, volume, limits)
            axis, axes, _ = _display(volume)
            count = int(volume.shape[axis]) if axis < len(volume.shape) else 1
            if not 0 <= n < count:
                raise file.refuse("there is no slice {number}: it has {count}", number=n + 1, count=count)
            values = _plane(volume, axis, n, axes)
        except (ImageFileError, ValueError, OSError, EOFError) as error:
            raise file.refuse("damaged volume ({said})", said=" ".join(str(error).split())[:160]) from None
    if values.ndim == 3:
        return plain_depth(plain(values.astype(np.uint8)), n, count)
    values = np.abs(values) if np.iscomplexobj(values) else values
    soft = _in_hounsfield(values) and not is_blank(_through(values, _SOFT_TISSUE))
    found = deep(values, _SOFT_TISSUE if soft else None)
    return replace(found, frame=n, frames=count, unit="HU" if soft else "")


def is_sidecar(path: Path) -> bool:
    """Whether a file holds the voxels of the header beside it."""
    return path.suffix == ".img" and path.with_suffix(".hdr").exists()


# --- the file -----------------------------------------------------------------------------------------


def _opened(file: Content, limits: IngestSettings) -> Any:
    """The image as nibabel sees it, with its voxels still in the bytes of the file."""
    import nibabel

    data = _inflated(file, limits)
    kind = _kind(data[:_HEADER])
    if kind in ("n1", "n2"):
        return (nibabel.Nifti1Image if kind == "n1" else nibabel.Nifti2Image).from_bytes(data)
    name = f"{file.name.removesuffix('.gz').removesuffix('.hdr')}.img"
    voxels = file.beside(name, limits)
    if voxels is None:
        raise file.refuse(
            "the header of a volume whose voxels should lie beside it in {name}: there is no such file", name=name
        )
    pair = {"p1": nibabel.Nifti1Pair, "p2": nibabel.Nifti2Pair}.get(kind or "", nibabel.AnalyzeImage)
    return pair.from_file_map(
        pair.make_file_map({"header": io.BytesIO(data), "image": io.BytesIO(_inflated(voxels, limits))})
    )


def _inflated(file: Content, limits: IngestSettings) -> bytes:
    """The file's bytes, unpacked as far as `limits.max_file_mb` allows."""
    if not file.data.startswith(_GZIP):
        return file.data
    limit = limits.max_file_mb * 1_000_000
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(file.data)) as stream:
            data = stream.read(limit + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise file.refuse("damaged volume: its compressed data is cut off or broken ({error})", error=error) from None
    if len(data) > limit:
        raise file.refuse(
            "unpacks to more than the limit of {max_file_mb} MB (ingest.max_file_mb)", max_file_mb=limits.max_file_mb
        )
    return data


def _check(file: Content, volume: Any, limits: IngestSettings) -> None:
    shape = tuple(int(n) for n in volume.shape)
    if len(shape) > 5 or (len(shape) > 3 and shape[:3] == (1, 1, 1)):
        raise file.refuse(
            "a NIfTI file of {shape} values, which is no volume (a matrix of CIFTI?)", shape=" × ".join(map(str, shape))
        )
    if not shape or min(shape) < 1:
        raise file.refuse("a volume without voxels")
    if len(shape) == 1:
        raise file.refuse("a row of values and no volume")
    proxy = volume.dataobj
    source = proxy.file_like.getbuffer().nbytes
    needed = int(proxy.offset) + int(np.prod(shape, dtype=np.int64)) * proxy.dtype.itemsize
    if needed > source:
        raise file.refuse(
            "damaged volume: its voxels are cut off ({source:,} of {needed:,} bytes)", source=source, needed=needed
        )
    spatial = sorted(shape[:3])
    check_pixels(file, spatial[-1], spatial[-2], limits)


# --- slices -------------------------------------------------------------------------------------------


def _slices(file: Content, volume: Any, limits: IngestSettings) -> list[Record]:
    axis, axes, is_stated = _display(volume)
    count = int(volume.shape[axis]) if axis < len(volume.shape) else 1
    shared = _facts(volume, axis, count, is_stated)
    found: dict[int, Record] = {}
    blank: set[int] = set()
    for wanted in central(count, limits.representative_slices):
        for n in outward(wanted, count):
            if n in found:
                break
            if n in blank:
                continue
            pixels, window = _shown(_plane(volume, axis, n, axes))
            if is_blank(pixels):
                blank.add(n)
                continue
            size: Fields = {"width": pixels.shape[1], "height": pixels.shape[0]}
            fields = {"slice": n + 1, **shared, **size, **window, **quality(pixels)}
            found[n] = Record(
                kind="image", modality="OT", uri=file.uri, sha256=file.sha256, part=f"slice {n + 1}", fields=fields,
                image=Image(pixels),
            )  # fmt: skip
            break
    if not found:
        raise file.refuse(BLANK)
    return [found[n] for n in sorted(found)]


def _display(volume: Any) -> tuple[int, tuple[tuple[int, int], ...], bool]:
    """The voxel axis that slices are taken along, (axis of the patient, direction) of each voxel axis, and whether
    the file states that.

    Slices lie in the plane of acquisition where voxels are clearly longer across it, else they are axial.
    """
    from nibabel.orientations import io_orientation

    header = volume.header
    is_stated = any(int(header[code]) > 0 for code in ("sform_code", "qform_code") if code in header)
    oriented = io_orientation(volume.affine)
    axes = tuple((n if np.isnan(one[0]) else int(one[0]), 1 if one[1] >= 0 else -1) for n, one in enumerate(oriented))
    shape = (*volume.shape[:3], 1, 1)[:3]
    if 1 in shape:  # a single slice
        return shape.index(1), axes, is_stated
    zooms = [float(zoom) for zoom in header.get_zooms()[:3]]
    longest = int(np.argmax(zooms))
    if zooms[longest] > 1.5 * sorted(zooms)[1]:
        return longest, axes, is_stated
    return next((n for n, one in enumerate(axes) if one[0] == 2), 2), axes, is_stated


def _plane(volume: Any, axis: int, n: int, axes: tuple[tuple[int, int], ...]) -> NDArray[Any]:
    """Slice `n` in radiological display: the patient's right on the left, anterior or the head at the top; sagittal
    slices look towards the patient's right, anterior on the left."""
    index: list[Any] = [slice(None)] * 3
    index[axis] = n
    shape = volume.shape
    whole = (*index[: len(shape)], *([0] * (len(shape) - 3)))
    values = np.asarray(volume.dataobj[whole])
    if len(shape) == 2:
        values = values[()]
    if values.dtype.names:  # RGB
        values = np.stack([values[name] for name in ("R", "G", "B")], axis=-1)
    rest = [one for n_, one in enumerate(axes) if n_ != axis]
    # The row of the screen runs along the patient's higher axis: z before y before x.
    if rest[0][0] < rest[1][0]:
        values = np.swapaxes(values, 0, 1)
        rest = rest[::-1]
    for place, (_, direction) in enumerate(rest):
        if direction > 0:  # towards right, anterior or the head: these lie at the left and at the top
            values = np.flip(values, axis=place)
    return np.ascontiguousarray(values)


def _shown(values: NDArray[Any]) -> tuple[NDArray[np.uint8], Fields]:
    if values.ndim == 3:
        return plain(values.astype(np.uint8)), {}
    if np.iscomplexobj(values):
        values = np.abs(values)
    if _in_hounsfield(values) and not is_blank(pixels := _through(values, _SOFT_TISSUE)):
        centre, width = _SOFT_TISSUE
        return pixels, {
            "window": f"centre {centre:g}, width {width:g} (soft tissue; values taken for Hounsfield units)"
        }
    return stretch(values), {"window": "full range"}


def _in_hounsfield(values: NDArray[Any]) -> bool:
    finite = values[np.isfinite(values)]
    return bool(finite.size and finite.min() <= _AIR and finite.max() >= _BONE)


def _through(values: NDArray[Any], window: tuple[float, float]) -> NDArray[np.uint8]:
    centre, width = window
    return as_bytes((values - (centre - width / 2)) / width)


def _facts(volume: Any, axis: int, count: int, is_stated: bool) -> Fields:
    from nibabel.orientations import aff2axcodes

    zooms = [round(float(zoom), 4) for zoom in volume.header.get_zooms()[:3]]
    codes = aff2axcodes(volume.affine)
    plane = _PLANES["RLAPSI".index(codes[axis] or "S") // 2] if axis < len(codes) else "axial"
    fields: Fields = {
        "slices": count,
        "volume_voxels": " × ".join(str(int(n)) for n in volume.shape[:3]),
        "voxel_mm": " × ".join(f"{zoom:g}" for zoom in zooms),
        "orientation": plane if is_stated else f"{plane} (assumed; the file states none)",
        "display": "radiological (the patient's right is on the left)",
    }
    in_plane = [zoom for n, zoom in enumerate(zooms) if n != axis]
    if is_stated:
        fields["voxel_axes"] = "".join(code or "?" for code in codes)
    if len(in_plane) == 2 and min(in_plane) > 0:
        rows_first = in_plane[::-1]
        fields |= {"spacing_mm": f"{rows_first[0]:g} × {rows_first[1]:g}", "spacing_kind": "in the patient"}
    if len(zooms) > axis:
        fields["slice_spacing_mm"] = zooms[axis]
    if len(volume.shape) > 3 and (times := int(np.prod(volume.shape[3:]))) > 1:
        fields |= {"time_points": times, "time_point": 1}
    return fields


# --- masks --------------------------------------------------------------------------------------------


def _is_mask(volume: Any) -> bool:
    """Whether voxels are labels: stated, or a few whole numbers that neighbours share."""
    if "intent_code" in volume.header and int(volume.header["intent_code"]) == _INTENT_LABEL:
        return True
    if volume.dataobj.dtype.names or len(volume.shape) != 3 or np.iscomplexobj(np.empty(0, volume.dataobj.dtype)):
        return False
    looked = [np.asarray(volume.dataobj[..., n]) for n in central(int(volume.shape[2]), _LOOKED_AT)]
    values = np.stack(looked)
    found = np.unique(values[:, ::2, ::2])
    if len(found) > _FEW_LABELS or found.min() < 0 or (found != np.rint(found)).any() or found.max() == 0:
        return False
    inside = (values[:, 1:] > 0) & (values[:, :-1] > 0)
    return bool(inside.any()) and float((values[:, 1:] == values[:, :-1])[inside].mean()) >= _SHARED


def _mask(file: Content, volume: Any, limits: IngestSettings) -> Record:
    """The labels of a mask with their volumes, counted slice by slice."""
    counts: dict[int, int] = {}
    for n in range(int(volume.shape[2]) if len(volume.shape) > 2 else 1):
        values, numbers = np.unique(np.asarray(volume.dataobj[..., n]), return_counts=True)
        for label, number in zip(values.tolist(), numbers.tolist(), strict=True):
            counts[int(label)] = counts.get(int(label), 0) + int(number)
    counts.pop(0, None)
    millilitres = float(np.prod([float(zoom) for zoom in volume.header.get_zooms()[:3]])) / 1000
    lines = [
        f"Label {label}: {number} voxels, {number * millilitres:.4g} ml" for label, number in sorted(counts.items())
    ]
    title = "Segmentation volume"
    text = "\n".join([f"{title} of {len(counts)} label{'s' if len(counts) != 1 else ''}.", *lines])
    fields: Fields = {
        "segments": len(counts),
        "volume_voxels": " × ".join(str(int(n)) for n in volume.shape[:3]),
        "voxel_mm": " × ".join(f"{float(zoom):g}" for zoom in volume.header.get_zooms()[:3]),
    }
    return Record(
        kind="text", modality="SEG", uri=file.uri, sha256=file.sha256, title=title, text=text, fields=fields,
        passages=cut(text, limits.passage_words),
    )  # fmt: skip
