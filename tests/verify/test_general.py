"""Prose about people in general against what the report of a single study says."""

import pytest

from assistant.verify.general import is_bare_finding


@pytest.mark.parametrize(
    "sentence",
    [
        "Pancreatitis is inflammation of the pancreas.",
        "Cirrhosis is scarring of the liver.",
        "Hematuria is blood in the urine.",
        "Urinary incontinence (UI) is loss of bladder control.",
        "Hemorrhoids are swollen and inflamed veins around the anus or in the lower rectum.",
        "Peptic ulcers are sores involving the lining of the stomach.",
        "Most hernias are in the abdomen.",
        "Hyperglycemia means high blood sugar.",
        "Dementia is not a specific disease.",
    ],
)
def test_what_a_thing_is_needs_no_article_to_be_general(sentence):
    assert not is_bare_finding(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Cardiomegaly is present.",
        "Heart size is normal.",
        "Lungs are clear.",
        "Effusion is small.",
        "Pneumothorax is seen on the right.",
        "Pleural effusion is increased in size.",
        "Opacity is scarring in the lingula.",
        "Left lower lobe opacity is infection of the lung.",
        "Left lower lobe opacity is an infection of the lung.",
        "Atelectasis is scarring in the left base.",
        "Atelectasis is not an acute finding.",
        "Most ribs are fractured.",
        "Some fractures are displaced.",
        "All fractures are healed.",
        "Most opacities are in the upper lungs.",
        "Pneumonia is infection of the right lung.",
        "Rib fractures are spots of 3 mm on the bone.",
    ],
)
def test_what_one_film_shows_stays_a_finding_of_somebody(sentence):
    assert is_bare_finding(sentence)
