"""What the browser tests share: an archive's contents, files to drop, and how a person asks and looks.

With WARDROUND_SCREENSHOTS=docs/images the pictures in the documentation are made anew.
"""

import os
import shutil

import numpy as np
import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
in_chromium = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium"),
]
"""The marks of a module of browser tests: `pytestmark = in_chromium`."""

HOSTILE = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"
REPORTS = (
    "FINDINGS: There is a large right pleural effusion. The heart is enlarged. No pneumothorax.",
    "FINDINGS: Moderate right pleural effusion with atelectasis of the right lower lobe. No pneumothorax.",
    "FINDINGS: The lungs are clear. The heart is of normal size. There is no pleural effusion.",
    f"FINDINGS: Left upper lobe nodule of 12 mm. {HOSTILE} There is no pleural effusion.",
)
PDF_PAGES = (
    "Ward guide. Chapter 1. Hand hygiene is done before and after every patient.",
    "Chapter 2. Amiodarone. The loading dose of amiodarone is 300 mg over 60 minutes. " + HOSTILE,
)


def radiograph(effusion: float, seed: int) -> np.ndarray:
    """A drawing with the rough look of a chest X-ray: two dark lungs, a bright base on the right."""
    y, x = np.mgrid[0:320, 0:280] / 300
    lungs = sum(np.exp(-(((x - centre) / 0.14) ** 2 + ((y - 0.45) / 0.28) ** 2)) for centre in (0.28, 0.66))
    picture = 190 - 150 * lungs + np.random.default_rng(seed).normal(0, 4, x.shape)
    picture[(x < 0.45) & (y > 0.85 - effusion)] = 205
    return picture.clip(0, 255).astype(np.uint8)


def save_dicom(path, pixels) -> None:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    data.StudyInstanceUID, data.SeriesInstanceUID = generate_uid(), generate_uid()
    data.Modality, data.PatientID, data.PatientName = "CR", "upload-1", HOSTILE[:40]
    data.ViewPosition, data.SeriesDescription = "PA", HOSTILE[:60]
    data.Rows, data.Columns = pixels.shape
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit, data.PixelRepresentation = 7, 0
    data.PixelData = pixels.tobytes()
    data.save_as(path, enforce_file_format=True)


def save_pdf(path, pages) -> None:
    """A PDF as small as the format allows: one line of Helvetica a page."""
    count = len(pages)
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count %d /Kids [%s] >>"
        % (count, b" ".join(b"%d 0 R" % (4 + 2 * number) for number in range(count))),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, text in enumerate(pages):
        shown = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)").encode("latin-1")
        stream = b"BT /F1 10 Tf 40 700 Td (%s) Tj ET" % shown
        bodies.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 1200 800] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>" % (5 + 2 * number)
        )
        bodies.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
    out, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(bodies) + 1, start)
    path.write_bytes(bytes(out))


def drop(page, *paths, box="#wr-box", shelf="#wr-shelf") -> None:
    """Drop files onto the box as a person does with the mouse."""
    import base64

    listed = [{"name": path.name, "data": base64.b64encode(path.read_bytes()).decode()} for path in paths]
    transfer = page.evaluate_handle(
        """(files) => {
            const transfer = new DataTransfer();
            for (const file of files) {
                const bytes = Uint8Array.from(atob(file.data), (letter) => letter.charCodeAt(0));
                transfer.items.add(new File([bytes], file.name));
            }
            return transfer;
        }""",
        listed,
    )
    for kind in ("dragenter", "dragover", "drop"):
        page.dispatch_event(f"{box} .full-container", kind, {"dataTransfer": transfer})
    page.locator(f"{shelf} .wr-card").nth(len(paths) - 1).wait_for()


def drawn(page) -> None:
    """Wait until what has happened is on the screen: a frame later all that a script put off to the next one is."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def shoot(page, name: str) -> None:
    """A picture for the documentation, where one is asked for."""
    if folder := os.environ.get("WARDROUND_SCREENSHOTS"):
        page.wait_for_timeout(400)  # scrolling comes to rest
        page.screenshot(path=f"{folder}/{name}.png")


def ask(page, question):
    """Ask, wait for the whole answer, and give its turn."""
    before = page.locator(".wr-turn").count()
    page.fill("#wr-box textarea", question)
    page.press("#wr-box textarea", "Enter")
    turn = page.locator(".wr-turn").nth(before)
    turn.locator(".wr-answer:is([data-stage=done], [data-stage=failed])").wait_for()
    return turn
