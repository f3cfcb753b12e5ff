"""Lists of studies as people save them: marks, semicolons, tabs, what is missing, what is there twice."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.errors import WardroundError
from assistant.studies import StudyRequest, read_studies, study_requests

ROW = [StudyRequest("s1", (), "p1")]


def write(tmp_path, content):
    path = tmp_path / "studies.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    "content",
    [
        "study_id,patient_id,files\ns1,p1,\n",
        "\ufeffstudy_id,patient_id,files\r\ns1,p1,\r\n",
        "study_id;patient_id;files\ns1;p1;\n",
        "study_id\tpatient_id\tfiles\ns1\tp1\t\n",
        "Study_ID , PATIENT_ID\n s1 , p1 \n\n\n",
        "remark,patient_id,study_id\nfrom ward 3,p1,s1",
        '"study_id","patient_id"\n"s1","p1"\n',
    ],
)
def test_tables_as_programs_save_them_give_the_same_study(tmp_path, content):
    assert read_studies(write(tmp_path, content)) == ROW


def test_several_files_of_a_study_in_either_kind_of_table(tmp_path):
    files = (tmp_path / "a.png", tmp_path / "sub" / "b.png")
    for content in ("study_id,files\n1,a.png; sub/b.png ;\n", 'study_id;files\n1;"a.png;sub/b.png"\n'):
        assert read_studies(write(tmp_path, content)) == [StudyRequest("1", files)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty; it begins with the line study_id,patient_id,files"),
        ("study_id,patient_id,files\n", "lists no study below its header"),
        ("study,files\n1,a.png\n", r"no column 'study_id' \(there are: study, files\)"),
        ("study_id,files\n1,a.png\n,b.png\n", "line 3: study_id is empty"),
        ("study_id,files\n1,a.png\n2,b.png\n1,c.png\n", "line 4: study '1' is listed twice, first in line 2"),
        ("study_id;files\n1;a.png;b.png\n", "line 2: has 3 cells for 2 columns; put a cell .* into quotes"),
        ("study_id,study_id\n1,2\n", "column 'study_id' is there twice"),
        ("study_id,files\n1,äöü.png\n".encode("latin-1"), "is not UTF-8 .*save it as CSV UTF-8"),
        ("study_id,files\n1,a.png\n".encode("utf-16"), "is not UTF-8"),
        ('study_id,files\n1,"a.png\n', "can't be read as CSV"),
        (b"study_id,files\n1,a\0.png\n", "can't be read as CSV"),
    ],
)
def test_a_table_that_cannot_be_used_names_the_place(tmp_path, content, said):
    with pytest.raises(WardroundError, match=said) as error:
        read_studies(write(tmp_path, content))
    assert "studies.csv" in str(error.value)


def test_a_table_that_is_not_there_and_an_empty_folder(tmp_path):
    with pytest.raises(WardroundError, match=r"none\.csv: can't be read as CSV: No such file"):
        read_studies(tmp_path / "none.csv")
    with pytest.raises(WardroundError, match="holds no study"):
        read_studies(tmp_path)


def test_ten_thousand_lines_and_ids_of_every_kind(tmp_path):
    ids = [f"{n:05d}" for n in range(9_996)] + ["a/b/../c", 'O\'Neil, "Bob"', "=cmd|' /C calc'!A0", "ünï" * 60]
    lines = ["study_id,files"] + ['"' + name.replace('"', '""') + '",' for name in ids]
    assert [study.study_id for study in read_studies(write(tmp_path, "\n".join(lines)))] == ids


def test_two_files_of_a_folder_that_would_be_one_study(tmp_path):
    for name in ("a.png", "a.dcm"):
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(WardroundError, match=r"a\.dcm and a\.png are both called 'a'"):
        read_studies(tmp_path)


def test_a_study_that_a_caller_lists_twice(tmp_path):
    with pytest.raises(WardroundError, match="'a' is listed twice"):
        study_requests(["a", StudyRequest("a")])


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(alphabet='study_id,files;\t"\n\r\0aä1', max_size=200)))
def test_any_bytes_give_studies_or_a_clear_error(tmp_path_factory, content):
    path = write(tmp_path_factory.mktemp("fuzz"), content)
    try:
        found = read_studies(path)
    except WardroundError as error:
        assert str(path) in str(error)
    else:
        assert found and all(study.study_id.strip() for study in found)
        assert len({study.study_id for study in found}) == len(found)
