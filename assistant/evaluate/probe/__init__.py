"""Probes: cases made by program from what is labelled, to see whether an answer rests on a picture or text at all.

`subjects` reads what is labelled out of a suite or an archive's recipe, `pairs` makes pairs of questions of it, and
`write` puts them down as a suite that `wardround eval` runs.
"""

from assistant.evaluate.probe.pairs import KINDS, ProbeKind, make_pairs
from assistant.evaluate.probe.subjects import Subject, subjects_of
from assistant.evaluate.probe.write import Probes, write_probes

__all__ = ["KINDS", "ProbeKind", "Probes", "Subject", "make_pairs", "subjects_of", "write_probes"]
