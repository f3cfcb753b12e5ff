"""One ECG written in the formats of ECG carts: just enough of each for its reader, made by hand.

Every writer takes `leads`, the samples of each lead in millivolts, and a sampling rate.
"""

import base64
import binascii
import itertools
import re
import struct
import zlib

import numpy as np

TWELVE = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")


def heart(seconds=10, rate=500, bpm=72, seed=3):
    """Twelve synthetic leads in millivolts, multiples of 5 µV: a dipole of P, QRS and T waves that turns.

    The limb leads obey Einthoven and Goldberger up to the 5 µV to which each lead is rounded.
    """
    random = np.random.default_rng(seed)
    at = np.arange(int(seconds * rate)) / rate
    phase = (at * bpm / 60 + 0.561) % 1 * 60 / bpm  # seconds since the last beat began
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


# --- SCP-ECG ------------------------------------------------------------------------------------------

SCP_CODES = {"I": 1, "II": 2, "V1": 3, "V2": 4, "V3": 5, "V4": 6, "V5": 7, "V6": 8, "III": 61, "aVR": 62, "aVL": 63,
             "aVF": 64}  # fmt: skip


def section(number, body):
    body += b"\0" * (len(body) % 2)
    head = struct.pack("<HIBB6x", number, 16 + len(body), 20, 20)
    return struct.pack("<H", binascii.crc_hqx(head + body, 0xFFFF)) + head + body


def scp_file(bodies):
    """A record of section bodies by number, with its table of sections and all checksums."""
    numbers = sorted({*range(1, 12), *bodies})
    made = {number: section(number, bodies[number]) if number in bodies else b"" for number in numbers}
    at = 7 + 16 + 10 * (len(numbers) + 1)
    table = struct.pack("<HII", 0, at - 7, 7)
    for number in numbers:
        table += struct.pack("<HII", number, len(made[number]), at if made[number] else 0)
        at += len(made[number])
    head = struct.pack("<HIBB6s", 0, 16 + len(table), 20, 20, b"SCPECG")
    zero = struct.pack("<H", binascii.crc_hqx(head + table, 0xFFFF)) + head + table
    rest = struct.pack("<I", at - 1) + zero + b"".join(made[number] for number in numbers)
    return struct.pack("<H", binascii.crc_hqx(rest, 0xFFFF)) + rest


def default_code(value):
    """The bits of a value in the default Huffman table."""
    if value == 0:
        return "0"
    if abs(value) <= 8:
        return "1" * abs(value) + "0" + ("1" if value < 0 else "0")
    if -128 <= value < 128:
        return "1111111110" + f"{value & 0xFF:08b}"
    return "1111111111" + f"{value & 0xFFFF:016b}"


def own_tables():
    """Two tables of a file's own: the first codes 0 and ±1 and switches to the second for all else, which switches
    back. Codes as (prefix bits, bits in all, mode, value, prefix)."""
    return [
        [(1, 1, 1, 0, "0"), (3, 3, 1, 1, "100"), (3, 3, 1, -1, "101"), (2, 2, 0, 2, "11")],
        [(1, 17, 1, 0, "0"), (1, 1, 0, 1, "1")],
    ]


def own_code(values):
    bits = ""
    for value in values:
        bits += {0: "0", 1: "100", -1: "101"}.get(value) or "11" + "0" + f"{value & 0xFFFF:016b}" + "1"
    return bits


def as_bytes(bits):
    bits += "0" * (-len(bits) % 8)
    return int("1" + bits, 2).to_bytes(len(bits) // 8 + 1, "big")[1:]


def coded(values, order, huffman):
    values = [int(v) for v in values]
    if order == 1:
        values = values[:1] + [b - a for a, b in itertools.pairwise(values)]
    elif order == 2:
        bends = [c - 2 * b + a for a, b, c in zip(values, values[1:], values[2:], strict=False)]
        values = values[:2] + bends
    values = [(v + 32768) % 65536 - 32768 for v in values]
    if huffman == "none":
        return np.array(values, dtype="<i2").tobytes()
    return as_bytes(own_code(values) if huffman == "own" else "".join(map(default_code, values)))


def scp_leads(stored, interval_us, order, huffman, bimodal=0, nanovolts=5000):
    parts = [coded(lead, order, huffman) for lead in stored]
    parts = [part + b"\0" * (len(part) % 2) for part in parts]
    head = struct.pack("<HHBB", nanovolts, interval_us, order, bimodal)
    return head + struct.pack(f"<{len(parts)}H", *map(len, parts)) + b"".join(parts)


def scp_tags(*extra):
    device = struct.pack("<HHHBB6sBBBB", 0, 0, 0, 0, 255, b"MC-12", 20, 160, 1, 8) + bytes(16)
    device += b"program\0SERIAL-9\0sys\0scp\0A Maker\0"
    tags = [(0, b"FAMILY-NAME\0"), (2, b"P-77\0"), (5, struct.pack("<HBB", 1950, 12, 2)), (8, b"\2"), (14, device),
            (25, struct.pack("<HBB", 2011, 12, 1)), (26, bytes((7, 27, 34))), (27, struct.pack("<H", 5)),
            (28, struct.pack("<H", 150)), (29, b"\2"), (30, "Müde seit heute\0".encode("latin-1")), *extra]  # fmt: skip
    return b"".join(struct.pack("<BH", tag, len(value)) + value for tag, value in tags) + b"\xff\0\0"


def scp_statements(lines, confirmed=0, kind=b""):
    body = struct.pack("<BHBBBBBB", confirmed, 2011, 12, 1, 8, 0, 0, len(lines))
    for number, line in enumerate(lines, 1):
        value = kind + line.encode("latin-1") + b"\0"
        body += struct.pack("<BH", number, len(value)) + value
    return body


def scp_measured():
    marks = struct.pack("<5H3h", 100, 200, 261, 349, 629, 50, 20, 999)
    return (
        struct.pack("<BBHH", 1, 0, 833, 29999) + marks + struct.pack("<HB", 1, 0) + struct.pack("<3HB", 72, 0, 405, 1)
    )


def scp(leads, rate, order=2, huffman="default", **bodies):
    """`bodies` replace sections, as in section_8=…"""
    stored = [np.round(lead * 200).astype(int) for lead in leads.values()]
    lengths = b"".join(
        struct.pack("<IIB", 1, len(lead), SCP_CODES[name]) for name, lead in zip(leads, stored, strict=True)
    )
    made = {1: scp_tags(), 3: bytes((len(leads), 0x04 | len(leads) << 3 & 0xF8)) + lengths,
            6: scp_leads(stored, round(1e6 / rate), order, huffman), 7: scp_measured(),
            8: scp_statements(["Sinus rhythm", "Normal ECG"])}  # fmt: skip
    if huffman == "default":
        made[2] = struct.pack("<H", 19999)
    elif huffman == "own":
        made[2] = struct.pack("<H", 2)
        for table in own_tables():
            made[2] += struct.pack("<H", len(table))
            for prefix, bits, mode, value, code in table:
                made[2] += struct.pack("<BBBhI", prefix, bits, mode, value, int(code[::-1], 2))
    made |= {int(name.removeprefix("section_")): body for name, body in bodies.items()}
    return scp_file({number: body for number, body in made.items() if body})


def scp_with_beats(leads, rate, bpm, order=2, huffman="default", factor=1):
    """The same with reference beats subtracted; outside protected zones (QRS) only every `factor` samples' mean."""
    stored = {name: np.round(lead * 200).astype(int) for name, lead in leads.items()}
    count = len(next(iter(stored.values())))
    every, length, fiducial = round(rate * 60 / bpm), round(0.6 * rate), round(0.2 * rate)
    firsts = list(range(every // 2, count - length, every))
    references = {name: np.mean([lead[n : n + length] for n in firsts], axis=0).round().astype(int)
                  for name, lead in stored.items()}  # fmt: skip
    zones = [(n + fiducial - rate // 20 + 1, n + fiducial + rate // 20) for n in firsts]
    beats = b"".join(struct.pack("<HIII", 0, n + 1, n + fiducial, n + length) for n in firsts)
    beats += struct.pack("<HIII", 1, 1, 5, 9)  # of another kind: not subtracted
    protected = b"".join(struct.pack("<II", *zone) for zone in (*zones, (0, 0)))
    residual = []
    for name, lead in stored.items():
        left = lead.copy()
        for n in firsts:
            left[n : n + length] -= references[name]
        out, at = [], 0
        for begin, end in (*zones, (count + 1, count)) if factor > 1 else [(1, count)]:
            gap = left[at : begin - 1]
            out += [round(gap[i : i + factor].mean()) for i in range(0, len(gap), factor)]
            out += left[begin - 1 : end].tolist()
            at = end
        residual.append(out)
    interval = round(1e6 / rate)
    head = struct.pack("<HHH", round(length * 1000 / rate), fiducial, len(firsts) + 1)
    lengths = b"".join(struct.pack("<IIB", 1, count, SCP_CODES[name]) for name in stored)
    return scp(
        leads, rate, order, huffman, section_3=bytes((len(stored), 0x05 | len(stored) << 3 & 0xF8)) + lengths,
        section_4=head + beats + protected,
        section_5=scp_leads(references.values(), interval, order, huffman),
        section_6=scp_leads(residual, interval * factor, order, huffman, bimodal=int(factor > 1)),
    )  # fmt: skip


# --- HL7 aECG -----------------------------------------------------------------------------------------


def aecg_set(leads, head="20111201072734.000", increment=("0.002", "s"), scale=5, unit="uV", origin=0):
    """A sequence set: a time line and the leads, in steps of `scale` µV."""
    parts = [("TIME_ABSOLUTE", f'<value xsi:type="GLIST_TS"><head value="{head}"/><increment value="{increment[0]}" '
              f'unit="{increment[1]}"/></value>')]  # fmt: skip
    for name, lead in leads.items():
        digits = " ".join(str(round((v * 1000 - origin) / scale)) for v in lead)
        parts.append((f"MDC_ECG_LEAD_{name}", f'<value xsi:type="SLIST_PQ"><origin value="{origin}" unit="{unit}"/>'
                      f'<scale value="{scale}" unit="{unit}"/><digits>{digits}</digits></value>'))  # fmt: skip
    sequences = "".join(
        f'<component><sequence><code code="{code}"/>{value}</sequence></component>' for code, value in parts
    )
    return f"<component><sequenceSet>{sequences}</sequenceSet></component>"


def aecg_series(sets, code="RHYTHM", after=""):
    cut_off = (
        '<controlVariable><controlVariable><code code="MDC_ECG_CTL_VBL_ATTR_FILTER_{}"/><component><controlVariable>'
        '<code code="MDC_ECG_CTL_VBL_ATTR_FILTER_{}_FREQ"/><value xsi:type="PQ" value="{}" unit="Hz"/>'
        "</controlVariable></component></controlVariable></controlVariable>"
    )
    filters = cut_off.format("LOW_PASS", "CUTOFF", 150) + cut_off.format("NOTCH", "NOTCH", 50)
    return f"""<component><series><code code="{code}"/><effectiveTime><low value="20111201072734"/></effectiveTime>
<author><seriesAuthor><manufacturedSeriesDevice><manufacturerModelName>Cart 7</manufacturerModelName>
</manufacturedSeriesDevice></seriesAuthor></author>{filters}{"".join(sets)}{after}</series></component>"""


def annotation(code, value, inside=""):
    return f'<component><annotation><code code="{code}"/>{value}{inside}</annotation></component>'


def quantity(code, value, unit="ms", inside=""):
    return annotation(code, f'<value xsi:type="PQ" value="{value}" unit="{unit}"/>', inside)


def words(code, text, inside=""):
    return annotation(code, f'<value xsi:type="ST">{text}</value>', inside)


def annotation_set(inside, author="<assignedDevice/>"):
    return (
        "<subjectOf><annotationSet><author><assignedEntity><assignedAuthorType>"
        f"{author}</assignedAuthorType></assignedEntity></author>{inside}</annotationSet></subjectOf>"
    )


def aecg(*series, prefix=""):
    text = f"""<AnnotatedECG xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<effectiveTime><center value="20111201072734"/></effectiveTime>
<componentOf><timepointEvent><componentOf><subjectAssignment><subject><trialSubject><id root="1.2.3" extension="P-77"/>
<subjectDemographicPerson><name>FAMILY-NAME</name><administrativeGenderCode code="F"/><birthTime value="19501202"/>
</subjectDemographicPerson></trialSubject></subject></subjectAssignment></componentOf></timepointEvent></componentOf>
<pertainsTo><subjectFindingComment><text>Felt dizzy</text></subjectFindingComment></pertainsTo>
{"".join(series)}</AnnotatedECG>"""
    if prefix:
        text = re.sub(r"<(/?)(?=[A-Za-z])", rf"<\1{prefix}:", text).replace("xmlns=", f"xmlns:{prefix}=")
    return text


# --- GE MUSE XML --------------------------------------------------------------------------------------


def muse_waveform(leads, rate, kind="Rhythm", step=5.0, **more):
    made = ""
    for name, lead in leads.items():
        data = np.round(lead * 1000 / step).astype("<i2").tobytes()
        made += f"""<LeadData><LeadSampleCountTotal>{len(lead)}</LeadSampleCountTotal>
<LeadAmplitudeUnitsPerBit>{step}</LeadAmplitudeUnitsPerBit><LeadAmplitudeUnits>MICROVOLTS</LeadAmplitudeUnits>
<LeadID>{name.upper()}</LeadID><LeadOffsetFirstSample>0</LeadOffsetFirstSample><LeadSampleSize>2</LeadSampleSize>
<LeadDataCRC32>{more.get("crc", {}).get(name, zlib.crc32(data))}</LeadDataCRC32>
<WaveFormData>
{base64.encodebytes(data).decode()}</WaveFormData></LeadData>"""
    return f"""<Waveform><WaveformType>{kind}</WaveformType><SampleBase>{rate}</SampleBase>
<SampleExponent>0</SampleExponent><HighPassFilter>5</HighPassFilter><LowPassFilter>150</LowPassFilter>
<ACFilter>50</ACFilter>{made}</Waveform>"""


def muse(leads, rate, status="UNCONFIRMED", median=True, **more):
    eight = {name: lead for name, lead in leads.items() if name not in ("III", "aVR", "aVL", "aVF")}
    said = "<DiagnosisStatement>{}<StmtText>{}</StmtText></DiagnosisStatement>".format
    end = "<StmtFlag>ENDSLINE</StmtFlag>"
    beat = muse_waveform({name: lead[:600] for name, lead in eight.items()}, rate, "Median") if median else ""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE RestingECG SYSTEM "restecg.dtd">
<RestingECG><MuseInfo><MuseVersion>9.0</MuseVersion></MuseInfo>
<PatientDemographics><PatientID>P-77</PatientID><PatientAge>60</PatientAge><AgeUnits>YEARS</AgeUnits>
<DateofBirth>12-02-1950</DateofBirth><Gender>FEMALE</Gender><PatientLastName>FAMILY-NAME</PatientLastName>
</PatientDemographics><TestDemographics><Status>{status}</Status><AcquisitionDevice>MAC55</AcquisitionDevice>
<AcquisitionTime>07:27:34</AcquisitionTime><AcquisitionDate>12-01-2011</AcquisitionDate>
<OverreaderLastName>SIGNING-NAME</OverreaderLastName><TestReason>Chest pain</TestReason></TestDemographics>
<RestingECGMeasurements><VentricularRate>72</VentricularRate><PRInterval>161</PRInterval><QTInterval>0</QTInterval>
<PAxis>0</PAxis></RestingECGMeasurements>
<Diagnosis>{said("", "")}{said("<StmtFlag>USERINSERT</StmtFlag>", "Sinus rhythm")}{said(end, "with artefacts")}
{said(end, "Borderline ECG")}</Diagnosis><OriginalDiagnosis>{said(end, "Atrial fibrillation")}</OriginalDiagnosis>
{beat}{muse_waveform(eight, rate, **more)}</RestingECG>"""
