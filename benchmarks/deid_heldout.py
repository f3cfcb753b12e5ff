"""Identifiers and sentences to plant, which no rule was ever tuned on: written before the rules, read only to report.

Names are of many countries, some in lower case, in capitals, hyphenated or misspelt; none is a real patient's.
"""

VALUES: dict[str, list[str]] = {
    "name": [
        "Oluwaseun Adeyemi", "Siobhán O'Donoghue", "Xiao-Ling Zhao", "Priya Raghunathan", "Katarzyna Wiśniewska",
        "José María Fernández-Ruiz", "Kristoffer Bjørnstad", "Abdulrahman al-Farouqi", "Marie-Claire Dubois-Lefèvre",
        "Nguyen Thi Huong", "Olafur Ragnarsson", "Ayse Yilmaz", "Chukwuemeka Obi", "Hans-Joachim Kretschmer",
        "Geertje van Houten", "Micheal Robbertson", "Jonh Smtih", "Elizabteh Wlison", "Tamika L. Washington",
        "R. Venkataraman", "Dimitrios Papadopoulos", "Yuki Tanaka", "Fatoumata Diallo", "Svetlana Kuznetsova",
        "Guadalupe Hernandez", "D'Angelo McAllister", "Rosalind Featherstonehaugh", "Bartholomew Quigley",
        "Lakshmi Narayanan", "Mohammed Rahman", "Anneliese Oberhuber", "Günther Schäuble", "Winston Abernathy III",
        "Keisha Jackson", "Giovanni Di Lorenzo", "Soo-Jin Park", "Caoimhe Gallagher", "Ezekiel Mwangi",
        "Hyacinth Bouquet-Ross", "Magdalena Sokolowska",
    ],
    "date": [
        "17/06/2019", "2022-11-05", "Nov 23, 2018", "23rd of August 2020", "4. Oktober 2021", "08.09.2017", "20230417",
        "12-Feb-2016", "9 July 2015", "September 2019", "Sept. 3rd, 2014", "6/7/22", "03-14-2020", "1. Dez. 2019",
        "Thursday, May 12, 2022", "07DEC2018", "2017/3/9", "15th November", "Feb-2021", "28.2.23", "11/2016",
        "14 Juni 2020", "April 9th", "20210930181500",
    ],
    "id": [
        "MRN 00847261", "MRN#: 7-38-21-09", "Accession number: XR-19-0047713", "patient ID PT0093847",
        "Medical record number is 4482910", "SSN 219-09-9999", "NHS number 943 476 5919", "Acc. No. 55210983",
        "Pat.-Nr.: 3320147", "Fallnummer 20458813", "insurance ID XQJ449281002", "Hospital No: G204417",
        "Order #A-7718290", "Policy No. 8842-119-03", "Versichertennummer A123456780", "encounter 60041882",
        "Health card 9876 543 217", "Visit number V00042918", "Auftragsnr. 2021-004718", "case number 19-S-20417",
        "account number 330-44817", "URN 1077342",
    ],
    "phone": [
        "(312) 867-5309", "646.555.0187", "+1-415-555-2671", "020 7946 0321", "07911 123456", "+44 161 496 0072",
        "0711 / 2155-430", "+49 89 5160-0", "089-4400 72651", "+33 1 42 34 56 78", "1-800-555-0199", "555-0148",
        "x4417", "(0221) 478 5012", "+91 98201 23456", "617 555 0122", "0151 23456789", "303/555-0162",
        "+1 (702) 555 0144 ext. 12", "01632 960983", "+61 2 5550 1234", "44172",
    ],
    "fax": [
        "(312) 867-5300", "646.555.0188", "+1-415-555-2672", "020 7946 0322", "0711 / 2155-431", "+49 89 5160-99",
        "+44 161 496 0073", "1-888-555-0133", "617 555 0123", "+33 1 42 34 56 79", "089/4400-72652", "303-555-0163",
    ],
    "address": [
        "1427 Maplewood Drive, Dayton, OH 45402", "88 Kensington High Street, London W8 4SG",
        "Flat 3, 17 Station Road, Cardiff CF10 1EP", "Lindenstraße 45, 50674 Köln", "P.O. Box 2281, Tulsa, OK 74101",
        "220 W 93rd St, Apt 5B, New York, NY 10025", "Goethestr. 7, 80336 München", "9 Elm Court", "Boise, ID 83702",
        "5501 N. Sheridan Rd. #1204, Chicago, Illinois 60640", "Am Stadtpark 12a, 90409 Nürnberg",
        "The Old Rectory, 4 Church Lane, Ludlow SY8 1AP", "3300 South Ocean Blvd, Palm Beach, FL 33480",
        "Bahnhofplatz 1, D-97070 Würzburg", "76 rue des Martyrs, 75009 Paris", "12 Oak Hill Terrace",
        "Postfach 12 03 40, 53045 Bonn", "6 Hawthorn Close, Leeds LS6 2AB", "zip code 02139",
        "1 Infinite Loop, Cupertino, CA 95014",
    ],
    "email": [
        "k.wisniewska@szpital.example.pl", "oadeyemi77@mailbox.example", "j_fernandez+mri@clinic.example.com",
        "RADIOLOGY.DESK@GENERAL-HOSPITAL.EXAMPLE.ORG", "huong@example.vn", "g.schaeuble(at)uniklinik.example.de",
        "tamika.washington@health.example.edu", "x@y.example.co.uk", "ayse.yilmaz@example.com.tr",
        "info@praxis-kretschmer.example.de",
        "pat_4471@portal.example.net", "yuki.tanaka@example.ac.jp",
    ],
    "url": [
        "https://pacs.stjude.example.org/study?id=9918", "www.riverside-radiology.example.com/reports/77",
        "http://10.4.1.9:8042/app/explorer.html#patient=77", "portal.mercyhealth.org",
        "https://patient.example.de/akte/4471",
        "ftp://images.example.edu/case12", "HTTPS://VIEWER.EXAMPLE.COM/S/AB12CD", "www.klinik-am-see.de",
        "radiology.ucity.edu/~jsmith", "http://linkedin.com/in/kwisniewska", "https://bit.ly/3xYzAbC",
        "myhealthrecord.gov",
    ],
    "ip": [
        "192.168.14.27", "10.0.0.254", "172.16.5.4", "2001:db8:85a3::8a2e:370:7334", "fe80::1ff:fe23:4567:890a",
        "203.0.113.77", "198.51.100.14:8080", "00:1B:44:11:3A:B7", "8.8.4.4",
        "2001:0db8:0000:0000:0000:ff00:0042:8329",
        "131.234.66.1", "100.64.0.12",
    ],
    "age": [
        "91-year-old", "97 year old", "103 y/o", "92 yo", "94 years of age", "aged 99", "95 yr old", "age 90",
        "93-jährige", "98 Jahre alt", "101 years old", "90F",
    ],
}  # fmt: skip
# {} stands for the value. The second entry of a pair is how the value is written: as it is, "lower", "upper",
# "caret" (LAST^FIRST) or "comma" (Last, First).
TEMPLATES: dict[str, list[tuple[str, str]]] = {
    "name": [
        ("I discussed these results with {} this morning.", "as"), ("Thank you for referring {} to our service.",
        "as"),
        ("Copy of this report sent to Dr {}.", "as"), ("Referred by: {}", "comma"), ("PATIENT NAME: {}", "upper"),
        ("pt name: {}", "lower"), ("Radiologe: Dr. med. {}", "as"), ("Findings communicated to {}, RN, at 14:20.",
        "as"),
        ("{} is a pleasant retired teacher who presents for follow-up.", "as"),
        ("Her daughter {} was at the bedside.", "as"),
        ("Reporting clinician: {} FRCR", "as"), ("Prof. {} agrees with this interpretation.", "as"),
        ("PN {}", "caret"), ("DICTATED BY: {}", "upper"), ("Verified electronically by {} on call.", "as"),
        ("Mrs {} tolerated the procedure well.", "as"), ("ms. {} denies fever.", "lower"),
        ("Frau {} stellte sich vor.", "as"),
        ("Case reviewed with attending radiologist {}.", "as"), ("Signed: {}, MD", "as"),
        ("Pt. {} was informed by phone.", "comma"),
        ("DR. {} NOTIFIED OF CRITICAL RESULT.", "upper"), ("Accompanied by husband, {}.", "as"), ("Re: {}", "as"),
        ("According to {} the symptoms began last week.", "as"),
    ],
    "date": [
        ("Compared with the previous radiograph of {}.", "as"), ("Date of examination: {}", "as"), ("Born {}.", "as"),
        ("Surgery was performed on {} without complication.", "as"), ("COMPARISON: {}.", "as"),
        ("Last seen in clinic {}.", "as"),
        ("Untersuchung vom {}.", "as"), ("Chest film dated {} is unavailable.", "as"), ("Transplant in {}.", "as"),
        ("d.o.b. {}", "as"), ("Reported {} 10:45.", "as"), ("Since {} he has been on home oxygen.", "as"),
    ],
    "id": [
        ("{}.", "as"), ("Study details: {}, two views.", "as"), ("Refer to {} for previous imaging.", "as"),
        ("Chest PA and lateral ({}).", "as"), ("{} / outpatient", "as"),
    ],
    "phone": [
        ("Critical result called in to tel {}.", "as"), ("Please phone {} with questions.", "as"),
        ("Contact number: {}.", "as"),
        ("Telefon {}", "as"), ("She can be reached on {}.", "as"), ("Pager {}.", "as"),
        ("Mobile: {}; prefers mornings.", "as"),
        ("Ward extension {}.", "as"),
    ],
    "fax": [("Fax: {}", "as"), ("Report faxed to {}.", "as"), ("Telefax {}.", "as"), ("F: {} (department office)",
    "as")],
    "address": [
        ("Address: {}.", "as"), ("Lives alone at {}.", "as"), ("Patient of {} was transferred by ambulance.", "as"),
        ("Please post the films to {}.", "as"), ("Anschrift: {}", "as"), ("Home visit at {} is arranged.", "as"),
    ],
    "email": [("Contact {} for the images.", "as"), ("E-mail: {}.", "as"), ("Report was mailed to {} yesterday.",
    "as")],
    "url": [("Images at {}.", "as"), ("See {} for the prior study.", "as"), ("Link: {}", "as")],
    "ip": [("Sent from workstation {}.", "as"), ("Source host {} modality CR.", "as"), ("Received via {}.", "as")],
    "age": [("Patient is {}.", "as"), ("INDICATION: {} with cough.", "as"), ("This {} patient has chest pain.", "as")],
}  # fmt: skip
