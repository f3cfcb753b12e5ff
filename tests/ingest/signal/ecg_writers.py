"""One ECG written in the formats of ECG carts: just enough of each for its reader, made by hand.

Every writer takes `leads`, the samples of each lead in millivolts, and a sampling rate.
"""

import base64
import struct

import numpy as np

TWELVE = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")


def heart(seconds=10, rate=500, bpm=72, seed=3):
    """Twelve synthetic leads in millivolts, multiples of 5 µV: a dipole of P, QRS and T waves that turns.

    The limb leads obey Einthoven and Goldberger up to the 5 µV to which each lead is rounded.
    """
    random = np.random.default_rng(seed)
    at = np.arange(int(seconds * rate)) / rate
    phase = (at * bpm / 60 + 0.35) % 1 * 60 / bpm  # seconds since the last beat began
    waves = [(0.10, 0.022, 0.15), (0.228, 0.009, -0.1), (0.25, 0.011, 1.2), (0.275, 0.010, -0.25), (0.5, 0.05, 0.3)]
    angles = np.deg2rad([50, 20, 55, 95, 45])
    pulse = np.array([size * np.exp(-(((phase - when) / width) ** 2) / 2) for when, width, size in waves])
    one, foot = pulse.T @ np.cos(angles), pulse.T @ np.sin(angles)  # along lead I, and along aVF
    two = one / 2 + foot * np.sqrt(3) / 2
    chest = [pulse.T @ np.cos(angles - turn) * gain for turn, gain in zip(
        np.deg2rad([160, 130, 100, 60, 30, 10]), (0.8, 1.2, 1.4, 1.5, 1.2, 0.9), strict=True
    )]  # fmt: skip
    limb = (one, two, two - one, -(one + two) / 2, one - two / 2, two - one / 2)
    noisy = [lead + random.normal(0, 0.002, len(at)) * (number < 2 or number > 5) for number, lead in
             enumerate((*limb, *chest))]  # fmt: skip
    noisy[2:6] = noisy[1] - noisy[0], -(noisy[0] + noisy[1]) / 2, noisy[0] - noisy[1] / 2, noisy[1] - noisy[0] / 2
    return {name: np.round(lead * 200) / 200 for name, lead in zip(TWELVE, noisy, strict=True)}


# --- Philips Sierra XML -------------------------------------------------------------------------------


def lzw(data, bits=10):
    """LZW with codes of a fixed width; the dictionary is kept once it is full."""
    codes = {bytes((i,)): i for i in range(256)}
    out, held = [], b""
    for byte in data:
        longer = held + bytes((byte,))
        if longer in codes:
            held = longer
            continue
        out.append(codes[held])
        if len(codes) < (1 << bits) - 1:
            codes[longer] = len(codes)
        held = bytes((byte,))
    out.append(codes[held])
    text = "".join(f"{code:0{bits}b}" for code in out)
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")


def xli_chunk(values):
    """A lead in XLI: two samples, then second differences."""
    values = [int(v) for v in values]
    bends = [values[n] - 2 * values[n - 1] + values[n - 2] for n in range(2, len(values))]
    words = values[:2] + [64 - bend for bend in bends[1:]] + [0]
    high = bytes((word >> 8) & 255 for word in words)
    low = bytes(word & 255 for word in words)
    packed = lzw(high + low)
    return struct.pack("<iHh", len(packed), 0, -bends[0]) + packed


def limb_leads_left(leads):
    """What XLI stores of III, aVR, aVL and aVF: what is left once they were foretold from I and II."""
    one, two, three, avr, avl, avf, *chest = leads
    left = (two - one - three, -((one + two) // 2) - avr, (one - three) // 2 - avl, (two + three) // 2 - avf)
    return [one, two, *left, *chest]


def sierra(leads, rate, version="1.04", form="XLI", statements=(("SINUS RHYTHM", "normal P axis"),), extra="", **more):
    stored = [np.round(lead * 200).astype(int) for lead in leads.values()]
    plain = " ".join(str(v) for lead in stored for v in lead)
    words = base64.b64encode(np.concatenate(stored).astype("<i2").tobytes()).decode()
    method, encoding, text = {
        "Plain": ("Uncompressed", "Plain", plain),
        "Base64": ("Uncompressed", "Base64", words),
        "XLI": ("XLI", "Base64", ""),
    }[form]
    if form == "XLI":
        chunks = limb_leads_left(stored) if tuple(leads)[:6] == TWELVE[:6] else stored
        text = base64.b64encode(b"".join(xli_chunk(lead) for lead in chunks)).decode()
    duration = len(stored[0]) * 1000 / rate
    if version == "1.03":
        about = f'compressflag="{form == "XLI"}" compressmethod="{method}" nbitspersample="16"'
    else:
        about = (
            f'compression="{method}" numberofleads="{len(leads)}" leadlabels="{" ".join(leads)}" '
            f'samplespersecond="{rate}" resolution="5" signaloffset="0" bitspersample="16"'
        )
    said = "".join(
        f"<statement><leftstatement>{a}</leftstatement><rightstatement>{b}</rightstatement></statement>"
        for a, b in statements
    )
    return f"""<?xml version="1.0" encoding="{more.get("encoding", "UTF-8")}"?>
<restingecgdata xmlns="http://www3.medical.philips.com" status="{more.get("status", "Await confirm")}">
<documentinfo><documenttype>SierraECG</documenttype><documentversion>{version}</documentversion></documentinfo>
<dataacquisition date="2011-12-01" time="07:27:34"><machine machineid="1">PageWriter Touch</machine>
<acquirer><operatorid>OPERATOR-NAME</operatorid></acquirer>
<signalcharacteristics><samplingrate>{rate}</samplingrate><signalresolution>5</signalresolution>
<signalbandwidth>0.05-150</signalbandwidth><acquisitiontype>STD-12</acquisitiontype>
<numberchannelsvalid>{len(leads)}</numberchannelsvalid></signalcharacteristics></dataacquisition>
<patient><generalpatientdata><patientid>P-77</patientid><name><lastname>FAMILY-NAME</lastname></name>
<age><dateofbirth>1950-12-02</dateofbirth></age><sex>Female</sex></generalpatientdata></patient>
<interpretations><interpretation><interpretationmeasurements><heartrate>72</heartrate><print>161</print>
<qrsfrontaxis>Failed</qrsfrontaxis></interpretationmeasurements>
<mdsignatureline>Confirmed by SIGNING-NAME</mdsignatureline><severity>- NORMAL ECG -</severity>{said}</interpretation>
</interpretations><waveforms><parsedwaveforms dataencoding="{encoding}" durationperchannel="{duration:g}" {about}>
{text}</parsedwaveforms><repbeats dataencoding="Base64"><repbeat leadname="I"><waveform duration="1200">{words[:800]}
</waveform></repbeat></repbeats>{extra}</waveforms></restingecgdata>"""
