"""What ECG carts' XML says of the patient."""

from datetime import date
from xml.etree.ElementTree import fromstring

from assistant.ingest.deid.field_known import known_of_xml


def test_names_ids_places_and_the_day_of_birth_of_several_vendors():
    root = fromstring(
        "<a><PatientLastName>DOE</PatientLastName><firstname>Jane</firstname>"
        "<OverreaderLastName>Stone</OverreaderLastName>"
        "<referringMD>Amy Pond</referringMD><PatientID>4711-08</PatientID><MRN value='99-1'/>"
        "<SiteName>Oak Ward</SiteName>"
        "<DateofBirth>1950-03-04</DateofBirth><device name='PageWriter'/><leadname>V1</leadname></a>"
    )
    known = known_of_xml(root)
    assert known.names == ("DOE", "Jane", "Stone", "Amy Pond")
    assert known.ids == ("4711-08", "99-1")
    assert known.places == ("Oak Ward",) and known.birth_date == date(1950, 3, 4)
