"""A small file for each format that ingest knows: the seeds of the fuzzing.

A new format is a function here that gives its bytes. A seed is a name and the files that belong together, the one that
is mutated first.
"""

import gzip
import io
import json
import os
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

sys.path += [str(Path(__file__).parent / name) for name in ("signal", "text")]

Seed = tuple[str, dict[str, bytes]]
REPORT = "FINDINGS: Small left pleural effusion. No pneumothorax.\nIMPRESSION: Effusion; follow up in 2 weeks.\n"
LARGEST = 400_000  # bytes of a public file that is taken as a seed


def seeds() -> Iterator[Seed]:
    """Every seed that can be made here, then those of the public sets where WARDROUND_DATA says where they lie."""
    for kind in (pictures, dicom, nifti, signals, ecg_files, texts, documents, messages, archives):
        yield from kind()
    if where := os.environ.get("WARDROUND_DATA"):
        yield from public(Path(where))


def pictures() -> Iterator[Seed]:
    y, x = np.mgrid[:60, :80]
    grey = ((np.sin(x / 7) + np.cos(y / 5) + 2) * 63).astype(np.uint8)
    for kind, options in (("PNG", {}), ("JPEG", {}), ("BMP", {}), ("GIF", {}), ("TIFF", {}), ("WEBP", {})):
        yield f"picture-{kind.lower()}", {f"a.{kind.lower()}": saved(Pillow.fromarray(grey), kind, **options)}
    sixteen = Pillow.fromarray(grey.astype(np.uint16) * 200)
    yield "picture-png16", {"a.png": saved(sixteen, "PNG")}
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        picture = Pillow.fromarray(np.dstack([grey] * 3))
        yield f"tiff-{compression}", {"a.tif": saved(picture, "TIFF", compression=compression)}
    pages = [Pillow.fromarray(grey + n) for n in range(3)]
    yield "picture-pages", {"a.tif": saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])}


def saved(picture: Pillow.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


DICOM = (
    "MR_small.dcm", "CT_small.dcm", "MR_small_bigendian.dcm", "MR_small_RLE.dcm", "MR_small_jp2klossless.dcm",
    "MR_small_jpeg_ls_lossless.dcm", "SC_rgb_rle.dcm", "SC_rgb_jpeg_dcmtk.dcm", "SC_rgb_32bit_2frame.dcm",
    "image_dfl.dcm", "examples_overlay.dcm", "test-SR.dcm", "reportsi.dcm", "rtplan.dcm", "JPEG-lossy.dcm",
    "waveform_ecg.dcm", "liver.dcm", "MR_truncated.dcm", "ExplVR_BigEnd.dcm", "mlut_18.dcm",
)  # fmt: skip


def dicom() -> Iterator[Seed]:
    from pydicom.data import get_testdata_file

    for name in DICOM:
        found = get_testdata_file(name, download=False)
        if found and Path(found).stat().st_size < LARGEST:
            yield f"dicom-{Path(name).stem}", {"a.dcm": Path(found).read_bytes()}


def nifti() -> Iterator[Seed]:
    import nibabel

    volume = np.arange(20 * 16 * 12, dtype=np.int16).reshape(20, 16, 12)
    for name, kind in (("nifti1", nibabel.Nifti1Image), ("nifti2", nibabel.Nifti2Image)):
        data = kind(volume, np.diag([1.0, 1.0, 3.0, 1.0])).to_bytes()
        yield f"{name}", {"a.nii": data}
        yield f"{name}-gz", {"a.nii.gz": gzip.compress(data, mtime=0)}


def signals() -> Iterator[Seed]:
    samples = (np.sin(np.arange(1000) / 9) * 400).astype("<i2")
    plain = b"a 2 250 500\na.dat 16 200 16 0 0 0 0 I\na.dat 16 200 16 0 0 0 0 II\n# Dx: 426783006\n"
    yield "wfdb-header", {"a.hea": plain, "a.dat": samples.tobytes()}
    for code in (8, 61, 80, 160, 212, 24, 32, 310, 311):
        header = f"a 1 250 300\na.dat {code} 200 12 0 0 0 0 I\n".encode()
        yield f"wfdb-{code}", {"a.hea": header, "a.dat": samples.tobytes()}
        yield f"wfdb-{code}-samples", {"a.dat": samples.tobytes(), "a.hea": header}
    files = {
        "m.hea": b"m/3 1 250 900\nm_layout 0\na 500\nb 400\n",
        "m_layout.hea": b"m_layout 1 250 0\n~ 0 200 16 0 0 0 0 II\n",
    }
    for name, length in (("a", 500), ("b", 400)):
        files[f"{name}.hea"] = f"{name} 1 250 {length}\n{name}.dat 16 200 16 0 0 0 0 II\n".encode()
        files[f"{name}.dat"] = samples[:length].tobytes()
    yield "wfdb-segments", files
    array = io.BytesIO()
    np.save(array, np.sin(np.arange(2000).reshape(1000, 2) / 9).astype(np.float32))
    sidecar = json.dumps({"sampling_rate_hz": 250, "leads": ["I", "II"], "units": "mV"}).encode()
    yield "npy", {"a.npy": array.getvalue(), "a.json": sidecar}
    yield "npy-sidecar", {"a.json": sidecar, "a.npy": array.getvalue()}
    table = "I,II\n" + "".join(f"{n / 500:.3f},{n / 400:.3f}\n" for n in range(300))
    yield "csv-signal", {"a.csv": table.encode(), "a.json": sidecar}


def ecg_files() -> Iterator[Seed]:
    import ecg_writers

    leads = ecg_writers.heart()
    from test_sapphire import group, sapphire

    short = ecg_writers.heart(seconds=2)
    series = ecg_writers.aecg_series([ecg_writers.aecg_set(short)])
    made = {
        "sierra": ecg_writers.sierra(leads, 500), "scp": ecg_writers.scp(leads, 500),
        "aecg": ecg_writers.aecg(series), "muse": ecg_writers.muse(short, 500), "sapphire": sapphire(group(short)),
    }  # fmt: skip
    for name, content in made.items():
        yield name, {"a": content.encode() if isinstance(content, str) else content}
    from test_edf_files import sleep_study

    yield "edf", {"a.edf": sleep_study().to_bytes()}


def texts() -> Iterator[Seed]:
    yield "text", {"a.txt": REPORT.encode()}
    yield "text-latin", {"a.txt": "Größe unverändert. Kein Erguß.\n".encode("latin-1")}
    yield "text-utf16", {"a.txt": REPORT.encode("utf-16")}
    yield "markdown", {"a.md": f"# Report\n\n{REPORT}\n| a | b |\n|---|---|\n| 1 | 2 |\n".encode()}
    yield "jsonl", {"a.jsonl": b'{"text": "Some words to read."}\n{"text": "Others.", "patient_id": "7"}\n'}
    yield "table", {"a.csv": f'id,text\n1,"{REPORT}"\n2,"Clear lungs."\n'.encode()}
    page = (
        "<!doctype html><html><head><title>T</title><script>x()</script></head><body><h1>R</h1><p>{}</p></body></html>"
    )
    yield "html", {"a.html": page.format(REPORT).encode()}
    yield "rtf", {"a.rtf": rb"{\rtf1\ansi\deff0{\fonttbl{\f0 Arial;}}\b Findings\b0\par Clear lungs.\par \u228?x\'e4}"}
    openi = "<eCitation><uId id='1'/><AbstractText Label='FINDINGS'>Clear lungs.</AbstractText></eCitation>"
    yield "openi", {"a.xml": openi.encode()}


def documents() -> Iterator[Seed]:
    from test_pdf_files import write_pdf

    class Kept(io.BytesIO):
        def write_bytes(self, data: bytes) -> None:
            self.write(data)

    kept = Kept()
    write_pdf(kept, ["Findings.\nClear lungs without effusion.", "Impression.\nNormal chest."])
    yield "pdf", {"a.pdf": kept.getvalue()}
    import docx

    word, stream = docx.Document(), io.BytesIO()
    word.add_heading("Report")
    for line in REPORT.splitlines():
        word.add_paragraph(line)
    word.add_table(2, 2).cell(0, 0).text = "Haemoglobin"
    word.save(stream)
    yield "docx", {"a.docx": stream.getvalue()}


def messages() -> Iterator[Seed]:
    segments = (
        r"MSH|^~\&|LAB|H|W|H|20240102||ORU^R01|1|P|2.5", "PID|1||77^^^H||Doe^Jane||19700101|F", "OBR|1|||718-7^Hb^LN",
        "OBX|1|NM|718-7^Haemoglobin^LN||13.2|g/dL|12-16|N|||F", f"OBX|2|TX|R^Report||{REPORT.splitlines()[0]}||||||F",
    )  # fmt: skip
    yield "hl7", {"a.hl7": "\r".join(segments).encode()}
    report = {"resourceType": "DiagnosticReport", "id": "1", "status": "final", "conclusion": REPORT,
              "code": {"text": "Chest X-ray"}, "subject": {"reference": "Patient/7"}}  # fmt: skip
    patient = {"resourceType": "Patient", "id": "7", "name": [{"family": "Doe"}], "birthDate": "1970-01-01"}
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": report}, {"resource": patient}]}
    yield "fhir", {"a.json": json.dumps(bundle, indent=1).encode()}
    yield "fhir-ndjson", {"a.ndjson": "\n".join(map(json.dumps, (patient, report))).encode()}
    document = (
        '<ClinicalDocument xmlns="urn:hl7-org:v3"><title>Report</title><component><structuredBody><component><section>'
        f"<title>Findings</title><text>{REPORT}</text></section></component></structuredBody></component>"
        "</ClinicalDocument>"
    )
    yield "cda", {"a.xml": document.encode()}


def archives() -> Iterator[Seed]:
    members = {"in/a.txt": REPORT, "in/b.txt": "Another note of the archive.", "c.jsonl": '{"text": "Clear lungs."}'}
    yield "zip", {"a.zip": zipped(members)}
    yield "zip-lzma", {"a.zip": zipped(members, zipfile.ZIP_LZMA)}
    for mode in ("w", "w:gz", "w:bz2", "w:xz"):
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode=mode) as archive:
            for name, text in members.items():
                info = tarfile.TarInfo(name)
                info.size = len(text)
                archive.addfile(info, io.BytesIO(text.encode()))
        yield f"tar-{mode[2:] or 'plain'}", {"a.tar": stream.getvalue()}


def zipped(members: dict[str, str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, text in members.items():
            archive.writestr(zipfile.ZipInfo(name), text, method)
    return stream.getvalue()


def public(root: Path) -> Iterator[Seed]:
    for folder in ("dicom", "ecg_formats", "wfdb_samples", "medical_pdf"):
        for path in sorted((root / folder).glob("*")) if (root / folder).is_dir() else ():
            if path.is_file() and path.stat().st_size < LARGEST and path.suffix not in ("", ".md"):
                stem = path.stem if folder == "wfdb_samples" else ""
                beside = {
                    other.name: other.read_bytes()
                    for other in sorted(path.parent.glob(f"{stem}.*") if stem else ())
                    if other != path and other.stat().st_size < 10 * LARGEST
                }
                yield f"{folder}-{path.name}", {path.name: path.read_bytes(), **beside}
