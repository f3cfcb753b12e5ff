"""A second set of identifiers and sentences to plant, written after the first one had been seen and before the rules
were mended by its misses; read only to report."""

VALUES: dict[str, list[str]] = {
    "name": [
        "Nokuthula Dlamini", "Bram Vandenbroucke", "Solveig Aasen", "Radoslav Petkov", "Thandeka Zulu",
        "Marisol Echeverria", "Le Thi Mai", "Ranjit Singh Dhaliwal", "Ottoline Fairbairn", "Hye-Jin Choi",
        "Goran Milosevic", "Zainab Oyelaran", "Eamon de Barra", "Penelope Ashcroft-Hughes", "Tevita Fonoti",
        "Cristobal Villanueva", "Ludmila Horakova", "Ingeborg Schwarzkopf", "Baptiste Lacroix", "Yusuf Karahan",
        "Marget Tomspon", "Christpher Lee", "W. E. Atherton", "Ngozi Eze", "Akira Matsumoto", "Jaroslaw Wojcik",
        "Annegret Pfeiffer-Blum", "Delroy Campbell", "Sunniva Nygaard", "Imani Robinson",
    ],
    "date": [
        "19/08/2021", "2018-07-30", "Aug 14, 2017", "2nd of May 2019", "16. Februar 2022", "21.10.2016", "20190922",
        "05-Nov-2020", "30 September 2013", "June 2016", "Oct. 22nd, 2015", "11/27/21", "9-4-2018", "13. Sep. 2017",
        "Tuesday, 8 June 2021", "2015/12/24", "July 23rd", "10/2018", "24.12.", "7 août 2019",
    ],
    "id": [
        "MRN: 5529013", "mrn 004-77-129", "Accession CT20-118834", "Pt ID 7719204", "Med. rec. no. 81-22-907",
        "Social Security Number 531-44-0911", "NHS no. 485 777 3456", "acc# 90117742", "Patientennummer 4410982",
        "Fall-Nr. 77100233", "policy number QQ-5581-209", "Hosp. number K881203", "order number 5571920-A",
        "KV-Nr. M552219087", "CSN 300417722", "unit no. 22-81-94", "specimen ID S19-20817", "Case ID C-2019-00871",
        "medical record # 1180045", "registration no. 77/1902-B",
    ],
    "phone": [
        "(713) 555-0107", "212 555 0173", "+1 (206) 555-0149", "0113 496 0777", "07700 900461", "+44 (0)20 7946 0661",
        "0341/97-17400", "+49 6221 56 0", "030 450 50", "+41 44 255 11 11", "1.866.555.0121", "555-0190", "x20881",
        "+81 3 5550 1234", "0172-5550199", "028 9018 0555",
    ],
    "fax": ["(713) 555-0108", "212 555 0174", "0341/97-17409", "+49 6221 56 5999", "0113 496 0778", "1-877-555-0110"],
    "address": [
        "602 Juniper Lane, Asheville, NC 28801", "14 Victoria Terrace, Edinburgh EH1 2JL", "Rosenweg 8, 04109 Leipzig",
        "PO Box 771, Bangor, ME 04401", "1900 E. Camelback Rd., Suite 300, Phoenix, AZ 85016", "Santa Fe, NM 87501",
        "Unit 9, 51 Wharf Road, Bristol BS1 5LL", "Kaiserstr. 101, 76133 Karlsruhe", "27 Beacon Ave",
        "An der Alster 42, 20099 Hamburg", "15 quai Voltaire, 75007 Paris", "8 Orchard Mews, Norwich NR1 4DH",
        "7750 West 34th Street, Apt. 12, Miami, FL 33018", "Untere Gasse 3, A-6020 Innsbruck",
    ],
    "email": [
        "n.dlamini@hospital.example.za", "BVANDENBROUCKE@EXAMPLE.BE", "solveig+xray@example.no",
        "front.desk@clinic.example.com",
        "yusuf_k@example.net", "imani.r@health.example.org",
    ],
    "url": [
        "https://ris.northside.example.com/order/88121", "www.kreisklinik-ost.de/befund",
        "http://127.0.0.1:8042/patients/3",
        "viewer.lakeshore.org/s/77aa", "dicom.example.edu", "https://example.com/?mrn=5529013",
    ],
    "ip": ["192.0.2.44", "10.12.0.9", "2001:db8:1::ab9:c0a8:102", "fd12:3456:789a::1", "AC:DE:48:00:11:22",
    "172.31.255.6"],
    "age": ["92-year-old", "96 years old", "aged 91", "99 yo", "102-year-old", "age of 94", "93 y.o.", "91-jähriger"],
}  # fmt: skip
TEMPLATES: dict[str, list[tuple[str, str]]] = {
    "name": [
        ("Dr. {} performed the biopsy.", "as"), ("Reported by: {}", "as"), ("PATIENT: {}", "upper"),
        ("Patient {} was examined.", "as"),
        ("Finalized by {} at 16:05.", "as"), ("Ordering provider: {}", "comma"), ("Spoke with {} over the phone.",
        "as"),
        ("{} underwent lobectomy in the spring.", "as"), ("patient name: {}", "lower"), ("Mr {} is recovering.", "as"),
        ("His sister {} lives nearby.", "as"), ("ELECTRONICALLY SIGNED BY {}, M.D.", "upper"), ("Name: {}", "comma"),
        ("Resident: {}, PGY-3", "as"), ("Patientin {} klagt über Husten.", "as"), ("Befundet durch Dr. {}.", "as"),
        ("Dear Dr. {}, thank you for this referral.", "as"), ("mrs. {} feels well.", "lower"), ("PID|1||77||{}",
        "caret"),
        ("Wet read by {} at 3 am.", "as"), ("We reviewed the films with {}.", "as"), ("{} was started on oxygen.",
        "as"),
        ("The carer, {}, gave the history.", "as"), ("Image quality discussed with technologist {}.", "as"),
    ],
    "date": [
        ("Comparison is made with {}.", "as"), ("Exam: {}.", "as"), ("Date of birth: {}.", "as"),
        ("CT on {} showed a nodule.", "as"),
        ("Voraufnahme vom {} liegt vor.", "as"), ("Admitted {} with fever.", "as"), ("Pacemaker placed in {}.", "as"),
        ("FINAL {} 08:12", "as"),
    ],
    "id": [("{}", "as"), ("Ref: {}.", "as"), ("Chest radiograph, {}.", "as"), ("See {} in the archive.", "as")],
    "phone": [
        ("Tel: {}", "as"), ("Call {} if symptoms recur.", "as"), ("Phone number {}.", "as"), ("Reach her at {}.",
        "as"),
        ("Tel.-Nr. {}", "as"), ("Telephone {}; leave a message.", "as"),
    ],
    "fax": [("FAX {}", "as"), ("Fax no. {}.", "as"), ("Sent by fax to {}.", "as")],
    "address": [
        ("Home address: {}.", "as"), ("Resides at {}.", "as"), ("Ambulance called to {}.", "as"), ("Adresse: {}",
        "as"),
        ("Correspondence to {}.", "as"),
    ],
    "email": [("Mail: {}.", "as"), ("Please write to {}.", "as")],
    "url": [("Online: {}.", "as"), ("Report at {} until May.", "as")],
    "ip": [("Device {} sent this study.", "as"), ("AE title CHEST at {}.", "as")],
    "age": [("A {} man.", "as"), ("She is {}.", "as"), ("HISTORY: {} with dyspnea.", "as")],
}  # fmt: skip
