"""A tab of a browser as the page's events see it, and pictures of a patient for it."""

from types import SimpleNamespace

import gradio as gr
import numpy as np
from browsing import save_dicom

from assistant.ui.chat.desk import PARTS

QUESTION = "Is there a pleural effusion?"


class Browser:
    """A tab of a browser, as the page's events see it."""

    def __init__(self, desk, session="s1", **query):
        self.desk = desk
        self.request = SimpleNamespace(session_hash=session, query_params=query)
        self.seen = {}
        self.take(desk.arrive(self.request))

    @property
    def talk(self):
        return self.desk.talks.tab(self.request.session_hash).talk

    def take(self, drawn):
        """The parts that were drawn anew; `seen` is the page as it stands."""
        new = {name: part for name, part in zip(PARTS, drawn, strict=True) if part != gr.skip()}
        self.seen |= new
        return new

    def ask(self, question, *files, model="quote"):
        value = {"text": question, "files": [str(file) for file in files]}
        return [self.take(drawn) for drawn in self.desk.ask(value, model, self.request)]

    def drop(self, *files):
        return self.take(self.desk.receive({"text": "", "files": [str(file) for file in files]}, self.request))

    def press(self, act, **data):
        return self.take(self.desk.act(SimpleNamespace(_data={"act": act, **data}), self.request))

    def leave(self):
        self.desk.leave(self.request)


def of_patient(path, patient):
    import pydicom

    save_dicom(path, np.random.default_rng(len(patient)).integers(0, 255, (64, 64), dtype=np.uint8))
    data = pydicom.dcmread(path)
    data.PatientID, data.PatientName, data.SeriesDescription = patient, "", "chest"
    data.save_as(path)
    return path


def boxed(part):
    return part["box"]["value"]["text"]
