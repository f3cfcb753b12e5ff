"""Encodings told by the bytes: no umlaut lost, no mojibake."""

import pytest

from assistant.ingest.text.encodings import decode, encoding_of

TEXTS = {
    "German": (
        "Größe 5 µm, Temperatur 38,5 °C. Die Aorta ist mäßig elongiert, kein Erguß, Übergang regelrecht.",
        "utf-8 utf-8-sig utf-16 utf-16-le utf-16-be utf-32 utf-32-le utf-32-be cp1252 latin-1 cp850 cp437 mac_roman",
    ),
    "short German": ("Fieber für 3 Tage", "utf-8 utf-16-le utf-32-be cp1252 cp850 cp437 mac_roman"),
    "French": ("Pas d'épanchement. La silhouette à la limite supérieure. Lésion décelée.", "cp1252 cp850 mac_roman"),
    "quotes": ("The temperature was 38.5°C – the patient’s “cough” improved; 5 µg ± 2", "cp1252 mac_roman"),
    "Spanish": ("Corazón de tamaño normal. Niño con tos; exploración sin hallazgos.", "cp1252 cp850 mac_roman"),
    "Polish": ("Serce niepowiększone. Kąty przeponowo-żebrowe wolne, śródpiersie prawidłowe.", "cp1250 iso8859_2"),
    "Chinese": ("双肺纹理清晰,未见明显实质性病变。心影大小形态正常。双侧膈面光整,肋膈角锐利。", "gb18030"),
    "traditional Chinese": ("兩肺野清晰,未見明顯實質性病變。心影大小正常。雙側橫膈光滑,肋膈角銳利。", "big5"),
    "Japanese": ("両肺野に明らかな異常陰影を認めません。心拡大なし。胸水なし。", "shift_jis euc_jp"),
    "Korean": ("양쪽 폐야에 활동성 병변은 없습니다. 심장 크기는 정상입니다.", "euc_kr"),
    "Russian": ("Лёгочные поля без очаговых теней. Сердце не расширено. Синусы свободны.", "cp1251 koi8_r"),
    "Greek": ("Δεν παρατηρείται πλευριτική συλλογή. Η καρδιά είναι φυσιολογικού μεγέθους.", "cp1253"),
}
CASES = [(name, encoding) for name, (_, encodings) in TEXTS.items() for encoding in encodings.split()]


@pytest.mark.parametrize(("name", "encoding"), CASES)
def test_a_text_comes_back_from_every_encoding(name, encoding):
    text = TEXTS[name][0]
    assert decode(text.encode(encoding)) == text


def test_utf8_that_is_cut_off_or_slightly_damaged_stays_utf8():
    text = "Größe und Übergang: äöü, mäßig. " * 20
    assert decode(text.encode()[:-31][: len(text.encode()) - 32]).startswith("Größe und Übergang")
    assert encoding_of("Größe".encode()[:3]) == "utf-8"
    damaged = text.encode().replace(b"Gr\xc3\xb6", b"Gr\xf6", 1)
    assert decode(damaged).count("�") == 1
    assert "Übergang: äöü" in decode(damaged)


@pytest.mark.parametrize("data", [bytes(range(256)) * 4, b"\x00\x01\x02\x03" * 100, b"\xff\xfe\x00\xd8\x00\xd8A"])
def test_what_is_no_text_is_none(data):
    assert decode(data) is None


def test_zero_bytes_in_a_text_become_spaces_or_make_it_binary():
    assert decode(b"A heart of normal size. " * 100 + b"\0end") == "A heart of normal size. " * 100 + " end"
    assert decode(b"ab\0cd\0" * 50) is None
