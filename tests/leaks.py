"""A hospital of twenty patients whose every file names them, and the search for what leaked of it."""

from __future__ import annotations

import base64
import csv
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import numpy as np
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

_SURNAMES = (
    "Abernathy", "Blackwood", "Castellanos", "Drummond", "Eisenhauer", "Fitzwilliam", "Gallagher", "Hathersage",
    "Ivanovic", "Jankowski", "Kirkpatrick", "Lindqvist", "Montgomery", "Nakashima", "Oyelaran", "Pemberton",
    "Quartermaine", "Rasmussen", "Szymanski", "Thistlewood",
)  # fmt: skip
_GIVEN = (
    "Adelaide", "Bartholomew", "Cornelia", "Desmond", "Evangeline", "Frederick", "Genevieve", "Humphrey", "Isadora",
    "Jeremiah", "Katarzyna", "Leopold", "Marguerite", "Nathaniel", "Ottilie", "Percival", "Rosalind", "Sebastian",
    "Theodora", "Valentina",
)  # fmt: skip
_DOCTORS = (
    "Ashworth", "Bellweather", "Cavendish", "Dalrymple", "Elphinstone", "Featherstone", "Goldschmidt", "Harrington",
    "Inglethorpe", "Jablonski", "Kensington", "Lockhart", "Mandelbaum", "Northcote", "Okonkwo", "Pettigrew",
    "Ravenscroft", "Somerville", "Tarkington", "Underhill",
)  # fmt: skip
_TOWNS = (
    "Ashbourne", "Bakewell", "Cirencester", "Dorchester", "Evesham", "Faversham", "Guildford", "Hexham", "Ilkeston",
    "Jedburgh", "Keswick", "Ludlow", "Malvern", "Northwich", "Oswestry", "Penrith", "Retford", "Skipton",
    "Tavistock", "Uttoxeter",
)  # fmt: skip


@dataclass(frozen=True)
class Person:
    """Ten identifiers of ten kinds."""

    surname: str
    given: str
    mrn: str
    accession: str
    born: date
    phone: str
    email: str
    street: str
    doctor: str
    insurance: str
    taken: date

    @property
    def identifiers(self) -> dict[str, str]:
        return {
            "surname": self.surname, "given name": self.given, "record number": self.mrn, "accession": self.accession,
            "birth date": self.born.isoformat(), "phone": self.phone, "e-mail": self.email, "address": self.street,
            "physician": self.doctor, "insurance": self.insurance,
        }  # fmt: skip

    @property
    def letter(self) -> str:
        born, taken = self.born.strftime("%d/%m/%Y"), self.taken.strftime("%d/%m/%Y")
        return (
            f"Patient: {self.given} {self.surname}\nDate of birth: {born}\nMRN: {self.mrn}\n"
            f"Accession number: {self.accession}\nAddress: {self.street}\nTelephone: {self.phone}\n"
            f"E-mail: {self.email}\nInsurance number: {self.insurance}\n\n"
            f"Dear Dr. {self.doctor},\n\nI saw {self.given} {self.surname} on {taken}. There is a small right pleural "
            f"effusion and the heart is enlarged.\n\nFINDINGS: Small right pleural effusion. No pneumothorax. "
            f"{self.surname} can be reached at {self.phone} or {self.email}.\n\n"
            "IMPRESSION: Small right pleural effusion.\n"
        )


def people() -> list[Person]:
    found = []
    for n in range(20):
        surname, given = _SURNAMES[n], _GIVEN[n]
        found.append(
            Person(
                surname,
                given,
                f"MR{7310455 + 9173 * n}",
                f"ACC{20480913 + 7177 * n}",
                date(1931, 3, 5) + timedelta(days=997 * n),
                f"01632 96{1034 + 311 * n:04d}",
                f"{given.lower()}.{surname.lower()}@example.org",
                f"{17 + 13 * n} Mulberry Road, {_TOWNS[n]}",
                _DOCTORS[n],
                f"QK{48211907 + 6011 * n}",
                date(2019, 1, 13) + timedelta(days=41 * n),
            )
        )
    return found


def make_hospital(folder: Path) -> list[Person]:
    """Files of twenty patients: DICOM pictures, ultrasound with a banner, reports as DICOM SR, letters as text and
    PDF, a table with notes, and damaged files; all of them and their folders are named after the patients."""
    found = people()
    rows = []
    for n, person in enumerate(found):
        home = folder / f"{person.surname}_{person.given}_{person.mrn}"
        home.mkdir(parents=True)
        name = f"{person.surname}_{person.mrn}_{person.taken:%Y%m%d}"
        save(picture(person, n), home / f"{name}_{person.accession}.dcm")
        save(ultrasound(person, n), home / f"{name}_us.dcm")
        save(report(person), home / f"{name}_sr.dcm")
        (home / f"letter_{name}.txt").write_text(person.letter, encoding="utf-8")
        (home / f"letter {name}.pdf").write_bytes(pdf(person.letter))
        (home / f"broken_{name}.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\x08\x00\x05")
        rows.append({
            "key": f"row-{n}", "patient": person.mrn, "when": person.taken.isoformat(),
            "note": f"{person.given} {person.surname}, born {person.born:%d.%m.%Y}: cardiomegaly. Tel. {person.phone}.",
            "headline": f"Echo of {person.given} {person.surname}", "link": f"https://pacs.example/{person.accession}",
            "referrer": f"Dr. {person.doctor}", "mail": person.email,
        })  # fmt: skip
    table = folder / "table"
    table.mkdir()
    with (table / "notes.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return found


def write_recipe(path: Path, folder: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f'name = "ward"\n[[source]]\npath = "{folder}"\nexclude = ["table/*"]\n'
        f'[[source]]\npath = "{folder / "table"}"\nmanifest = "notes.csv"\n'
        '[source.columns]\nid = "key"\npatient_id = "patient"\ntaken_at = "when"\ntext = "note"\ntitle = "headline"\n'
        'url = "link"\n[source.labels]\nreferring_physician = "referrer"\ncontact = "mail"\n',
        encoding="utf-8",
    )


# --- files --------------------------------------------------------------------------------------------


def header(person: Person, modality: str, sop_class: str) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, generate_uid()
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = generate_uid(), generate_uid()
    dataset.PatientName = f"{person.surname}^{person.given}"
    dataset.PatientID, dataset.AccessionNumber = person.mrn, person.accession
    dataset.PatientBirthDate, dataset.StudyDate = f"{person.born:%Y%m%d}", f"{person.taken:%Y%m%d}"
    dataset.StudyTime, dataset.Modality, dataset.PatientAge = "101500", modality, "093Y"
    dataset.ReferringPhysicianName = person.doctor
    dataset.PatientAddress, dataset.PatientTelephoneNumbers = person.street, person.phone
    dataset.InsurancePlanIdentification = person.insurance
    dataset.StudyDescription = f"Chest of {person.given} {person.surname}"
    dataset.SeriesDescription = f"PA {person.accession}"
    dataset.PatientComments = f"write to {person.email}"
    block = dataset.private_block(0x0099, person.surname.upper(), create=True)
    block.add_new(0x01, "LO", f"{person.given} {person.mrn}")
    return dataset


def with_pixels(dataset: Dataset, pixels: np.ndarray) -> Dataset:
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    dataset.PixelData = pixels.tobytes()
    return dataset


def blobs(seed: int, height: int, width: int) -> np.ndarray:
    noise = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width] / 64.0
    field = sum(np.sin(noise.uniform(1, 3) * x + noise.uniform(1, 3) * y + noise.uniform(0, 6)) for _ in range(4))
    return (90 + 60 * np.tanh(field)).astype(np.uint8)


def picture(person: Person, seed: int) -> Dataset:
    dataset = header(person, "DX", "1.2.840.10008.5.1.4.1.1.1.1")
    dataset.BurnedInAnnotation = "NO"
    return with_pixels(dataset, blobs(seed, 96, 128))


def ultrasound(person: Person, seed: int) -> Dataset:
    """With a banner that names the patient, and on every other one the regions that were imaged."""
    pixels = blobs(100 + seed, 300, 400)
    pixels[:44] = 0
    pixels[44:60] = 8
    drawn = Picture.fromarray(pixels)
    font = ImageFont.load_default(size=14)
    ImageDraw.Draw(drawn).text((6, 2), f"{person.surname}, {person.given}  {person.mrn}", fill=230, font=font)
    ImageDraw.Draw(drawn).text((6, 20), f"{person.born:%d.%m.%Y}   {person.taken:%d.%m.%Y}", fill=230, font=font)
    dataset = with_pixels(header(person, "US", "1.2.840.10008.5.1.4.1.1.6.1"), np.asarray(drawn))
    if seed % 2:
        region = Dataset()
        region.RegionLocationMinX0, region.RegionLocationMinY0 = 0, 60
        region.RegionLocationMaxX1, region.RegionLocationMaxY1 = 399, 299
        dataset.SequenceOfUltrasoundRegions = [region]
    return dataset


def report(person: Person) -> Dataset:
    dataset = header(person, "SR", "1.2.840.10008.5.1.4.1.1.88.11")
    dataset.ValueType = "CONTAINER"
    dataset.ConceptNameCodeSequence = [code("18748-4", "Diagnostic Imaging Report")]
    observer = Dataset()
    observer.RelationshipType, observer.ValueType = "HAS OBS CONTEXT", "PNAME"
    observer.ConceptNameCodeSequence = [code("121008", "Person Observer Name")]
    observer.PersonName = person.doctor
    text = Dataset()
    text.RelationshipType, text.ValueType = "CONTAINS", "TEXT"
    text.ConceptNameCodeSequence = [code("121071", "Finding")]
    text.TextValue = (
        f"{person.given} {person.surname} has cardiomegaly. Discussed with {person.doctor} at {person.phone}."
    )
    dataset.ContentSequence = [observer, text]
    return dataset


def code(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "LN", meaning
    return item


def save(dataset: Dataset, path: Path) -> None:
    dataset.save_as(path, enforce_file_format=True)


def pdf(text: str) -> bytes:
    """A PDF of one page whose title names who it is about, as a text processor would make it."""
    lines = [line.replace("\\", "").replace("(", r"\(").replace(")", r"\)") for line in text.splitlines()]
    wrapped = [line[at : at + 90] for line in lines for at in range(0, max(1, len(line)), 90)]
    drawn = "BT /F1 10 Tf 50 780 Td 13 TL " + " ".join(f"({line}) '" for line in wrapped) + " ET"
    title = lines[0].removeprefix("Patient: ")
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        "/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream", f"<< /Title ({title}) /Author ({title}) >>",
    ]  # fmt: skip
    body, places = "%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    start = len(body)
    body += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    body += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info 5 0 R >>\nstartxref\n{start}\n%%EOF\n"
    return body.encode("latin-1")


# --- a language model that writes down what it is asked ------------------------------------------------


class RecordingServer:
    """An OpenAI-compatible server on loopback that keeps every request's body and always answers the same.

    `finish` is the reason that it gives for the end of its reply: "length" where the limit on it did."""

    def __init__(self, reply: str = "There is a small right pleural effusion [E1].", finish: str | None = None) -> None:
        self.bodies: list[str] = []
        bodies = self.bodies

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._reply(
                    "application/json", json.dumps({"object": "list", "data": [{"id": "m", "object": "model"}]})
                )

            def do_POST(self) -> None:
                bodies.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
                said = {"role": "assistant", "content": reply}
                chunk = {
                    "id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m",
                    "choices": [{"index": 0, "delta": said, "finish_reason": finish}],
                }  # fmt: skip
                self._reply("text/event-stream", f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n")

            def _reply(self, kind: str, text: str) -> None:
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base_url = f"http://127.0.0.1:{self._server.server_port}/v1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


# --- what leaked --------------------------------------------------------------------------------------


def ways_of_writing(identifier: str) -> Iterator[bytes]:
    """How an identifier may stand in a file: as it is, as dates and numbers are written, encoded."""
    forms = {identifier}
    if len(identifier) == 10 and identifier[4] == identifier[7] == "-":
        day = date.fromisoformat(identifier)
        forms |= {f"{day:{form}}" for form in ("%Y%m%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%B %d, %Y")}
    for form in sorted(forms):
        for text in {form, form.replace(" ", "_"), form.replace(" ", ""), quote(form)}:
            yield text.encode()
            yield text.encode("utf-16-le")
            for offset in range(3):  # base64 of it within something longer
                encoded = base64.b64encode(b"\0" * offset + text.encode()).rstrip(b"=")
                yield encoded[4 if offset else 0 : -1]


def leaked(data: bytes, persons: list[Person]) -> list[str]:
    """The identifiers that stand in some bytes, whatever their case: "e-mail of patient 3: …"."""
    lower = data.lower()
    return [
        f"{kind} of patient {n}: {identifier}"
        for n, person in enumerate(persons)
        for kind, identifier in person.identifiers.items()
        if any(form.lower() in lower for form in ways_of_writing(identifier))
    ]
