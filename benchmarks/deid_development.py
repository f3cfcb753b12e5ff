"""Identifiers and sentences to plant on which the rules were made: figures of these say how well the rules fit, no more."""

VALUES: dict[str, list[str]] = {
    "name": [
        "Jane Doe", "John Q. Public", "Amy Stone", "Robert Miller", "Maria Garcia", "Mary-Ann Whitfield", "Sanjay Patel",
        "Stefan Müller", "Ulrike von Hagen", "Wei Chen", "Patrick O'Brien", "Ahmed Hassan", "Pieter de Vries",
        "Jean-Luc Moreau", "Anna Kowalski", "Kwame Mensah", "A. B. Brown", "Carlos Mendoza Jr.", "Ingrid Larsen",
        "Olga Petrova", "Thomas Young", "Grace May", "Hiroshi Sato", "Willam Jonson", "Deborah McDonald",
    ],
    "date": [
        "01/31/2024", "2024-01-31", "Jan 31, 2024", "31st of January 2024", "12. März 2021", "31.01.2024", "20240131",
        "31-Jan-2024", "31 January 2024", "March 2021", "March 3rd, 2021", "01/02/03", "31-01-2024", "3. Jan. 2020",
        "Monday, March 3, 2020", "31JAN2024", "2024/01/31", "3rd of March", "Mar-2021", "1.2.24", "01/2024", "20240131103000",
    ],
    "id": [
        "MRN 12345678", "MRN: 12-34-56", "Accession #: CR20240131001", "Patient ID: 998877", "SSN: 123-45-6789",
        "NHS No 401 023 2137", "Pat.-Nr. 778812", "Fallnummer: 4455667", "insurance number ABC123456789", "order no. 4711234",
        "Account # 55-1234567", "medical record 7654321", "chart number 220134", "Member ID: WXY00112233",
    ],
    "phone": [
        "(555) 123-4567", "555-123-4567", "555.123.4567", "+1 555 123 4567", "0761 / 270-12345", "+49 (0)761 270 12345",
        "020 7946 0958", "07700 900123", "+44 20 7946 0958", "555-1234", "x1234", "1-800-555-1234",
    ],
    "fax": ["(555) 123-9999", "555-123-9998", "+49 761 270 99999", "020 7946 0999", "0761/270-999"],
    "address": [
        "123 Main Street, Springfield, IL 62704", "Hauptstraße 12, 79106 Freiburg", "10 Downing Street, London SW1A 2AA",
        "PO Box 123", "Springfield, IL 62704", "45 Oak Ave., Apt 4B", "12 rue de la Paix, 75002 Paris", "Bergstr. 3, 69120 Heidelberg",
        "77 Hill Road, Oxford OX3 9DU",
    ],
    "email": ["jane.doe@example.org", "amy_stone@hospital.example.com", "info@radiologie.example.de"],
    "url": ["http://pacs.example.org/study/1", "www.example.com", "https://example.de/x?y=1", "hospital.org"],
    "ip": ["10.2.3.4", "192.168.0.1", "fe80::1", "00:1a:2b:3c:4d:5e", "2001:db8::1"],
    "age": ["93-year-old", "91 year old", "92 y/o", "aged 101", "94-jährige", "95 years old", "age 96"],
}  # fmt: skip
TEMPLATES: dict[str, list[tuple[str, str]]] = {
    "name": [
        ("Dr. {} was notified.", "as"), ("Patient: {}", "comma"), ("Patient: {}", "as"), ("Name: {}", "upper"), ("patient {} seen today.", "lower"),
        ("Electronically signed by {}, MD", "as"), ("Dictated by {}.", "as"), ("Mr. {} has cough.", "as"), ("gez. Dr. {}", "as"),
        ("Herr {} wurde untersucht.", "as"), ("{}", "caret"), ("Discussed with {} by telephone.", "as"), ("mr. {} has cough", "lower"),
        ("The son, {}, was present.", "as"), ("{} presented with dyspnea.", "as"), ("REFERRING: {}", "upper"),
        ("Referring physician: {}", "comma"), ("DR {} WAS CALLED", "upper"), ("We saw {} in clinic.", "as"),
    ],
    "date": [
        ("Compared to {}.", "as"), ("DOB: {}", "as"), ("Seen on {}.", "as"), ("Exam date {}", "as"), ("Befund vom {}.", "as"),
        ("Study of {} at 10:30 is normal.", "as"),
    ],
    "id": [("{}", "as"), ("Identification: {}, chest.", "as"), ("See {} for details.", "as")],
    "phone": [("Tel. {}", "as"), ("Call {} for results.", "as"), ("Phone: {}.", "as"), ("reached at {}", "as"), ("Pager {}", "as")],
    "fax": [("Fax {}", "as"), ("faxed to {}.", "as"), ("FAX: {}", "as")],
    "address": [("Address: {}", "as"), ("lives at {}.", "as"), ("Resident of {}.", "as")],
    "email": [("Email {}.", "as"), ("write to {}", "as")],
    "url": [("See {}.", "as"), ("{}", "as")],
    "ip": [("host {}", "as"), ("from {}.", "as")],
    "age": [("{} man with cough.", "as"), ("Patient is {}.", "as")],
}  # fmt: skip
