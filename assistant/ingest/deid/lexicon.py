"""Words that are names, words that are none, and names after which medicine calls something.

The lists in `data` are made by `benchmarks/deid_word_lists.py`, which names their sources.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path

_DATA = Path(__file__).with_name("data")
_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "’": "'"})

# What a name makes an eponym of: "Kerley lines", "Chilaiditi's sign".
EPONYM_NOUNS = (
    "syndrome|disease|sign|disorder|palsy|tumou?r|lymphoma|sarcoma|carcinoma|nodule|node|body|line|catheter|tube|"
    "port|drain|"
    "filter|valve|shunt|stent|graft|clip|rod|plate|screw|pin|wire|needle|pacemaker|hernia|fracture|deformity|lesion|"
    "angle|fissure|lobe|lung|heart|septum|ligament|muscle|nerve|canal|duct|pouch|node|ring|space|triangle|foramen|"
    "ganglion|cyst|ulcer|hump|nodes|cell|stain|test|score|scale|class|classification|criteria|criterion|index|stage|"
    "grade|"
    "procedure|operation|repair|technique|approach|position|man(?:eu|oeu)ver|view|projection|method|reflex|phenomenon|"
    "effect|law|rule|formula|equation|anomaly|malformation|anaemia|anemia|arteritis|thyroiditis|encephalopathy|"
    "esophagus|oesophagus|contracture|murmur|pulse|breathing|respiration|triad|tetralogy|ectasia|granulomatosis|"
    "purpura|"
    "ultrasound|flow|study|waveform|scan|chorea|dementia|aphasia|sulcus|area|aneurysm|diverticulum|apparatus|capsule|"
    "membrane|plaque|spots?|rash|fever|virus|hemangioma|type|block|tachycardia|vasculitis|neuropathy|ataxia|dystrophy|"
    "pneumonia|emphysema|atelectasis|variant|plexus|vein|artery|loop|fascia|bag|collar|splint|cast|bandage|agar|gene|"
    "protein|solution|lavage|unit|blade|stocking|hook|button|gastrostomy|ileostomy|pull-through|stoma|esophagectomy|"
    "Virus|Syndrome|Disease"
)
_DEVICES = """
    swan ganz foley doppler kerley chilaiditi bochdalek morgagni hodgkin dobhoff dobbhoff hickman broviac groshong hohn
    cook greenfield amplatz amplatzer carpentier edwards medtronic jude starr bjork shiley harrington schatzki zenker
    killian monro sylvian sylvius may thurner hampton westermark fleischner golden luftsichel ghon ranke assmann simon
    pancoast horner cushing addison graves hashimoto crohn barrett mallory weiss boerhaave meckel hirschsprung down
    turner klinefelter marfan ehlers danlos loeys dietz ebstein fallot eisenmenger lutembacher fontan glenn norwood
    mustard senning jatene ross bentall blalock taussig rashkind ivor lewis whipple billroth roux nissen toupet dor
    heller hartmann lichtenstein kocher pfannenstiel trendelenburg fowler valsalva tinel phalen lachman mcmurray
    babinski
    romberg kernig brudzinski hoffmann homans murphy mcburney rovsing cullen grey-turner kehr courvoisier virchow
    charcot reynolds beck kussmaul cheyne stokes biot osler janeway roth duke killip wells geneva ranson glasgow apgar
    bishop mallampati cormack lehane parkinson alzheimer huntington wernicke korsakoff broca bell todd guillain barre
    lambert eaton tooth brown sequard erb klumpke dandy walker arnold chiari scheuermann schmorl modic pott paget
    osgood schlatter legg calve perthes colles smith galeazzi monteggia bennett rolando boxer jones lisfranc
    maisonneuve
    weber salter harris hill sachs bankart segond baker dupuytren volkmann ewing wilms burkitt kaposi merkel reed
    sternberg kikuchi castleman langerhans whipple wegener churg strauss goodpasture takayasu kawasaki behcet sjogren
    reiter still felty caplan lofgren raynaud buerger berger henoch schonlein alport bartter gitelman conn fanconi
    gaucher fabry pompe hurler hunter wilson dubin johnson gilbert budd chiari caroli todani mirizzi klatskin vater
    oddi
    wirsung santorini peyer brunner hounsfield agatston bosniak pirads birads lirads fazekas hunt hess fisher spetzler
    martin gleason breslow clark dukes bethesda fuhrman robson nottingham bloom richardson ann arbor lugano mayo
    riedel pringle haller swyer james macleod kartagener mendelson lemierre ludwig vincent bornholm tietze pectus
    mondor
    wolff white lown ganong levine bruce naughton duke bazett fridericia framingham hodges mobitz wenckebach
    brugada takotsubo prinzmetal dressler lev lenegre romano ward jervell lange nielsen sokolow lyon cornell estes
    bachmann purkinje his kent mahaim tawara holter austin flint graham steell carvallo corrigan duroziez quincke
    gram ziehl neelsen giemsa wright coombs ham schilling mantoux tuberculin westergren papanicolaou pap ponseti
    cobb risser reiters lhermitte uhthoff marcus gunn argyll robertson adie holmes parinaud snellen ishihara amsler
    lasegue faber patrick thomas ober trousseau chvostek epley dix hallpike heimlich sengstaken blakemore minnesota
    jackson pratt penrose kehrs salem hemovac port-a-cath portacath mediport infusaport permcath tesio quinton mahurkar
    tenckhoff denver leveen ommaya codman hakim spitz holter ender kuntscher kirschner steinmann schanz ilizarov
    moore thompson charnley girdlestone austin luque cotrel dubousset ray bryan prestige philos gamma
""".split()  # noqa: SIM905
_PLACES_AND_BRANDS = """
    english american european african asian german french italian spanish british canadian mexican hispanic latino
    caucasian indian chinese japanese korean vietnamese medline pubmed lipitor zocor crestor plavix coumadin eliquis
    xarelto pradaxa lovenox heparin tylenol motrin advil aleve aspirin toradol percocet vicodin norco oxycontin
    morphine
    dilaudid demerol fentanyl ultram neurontin lyrica cymbalta prozac zoloft paxil celexa lexapro effexor wellbutrin
    remeron trazodone desyrel ambien lunesta restoril xanax ativan valium klonopin buspar risperdal zyprexa seroquel
    abilify geodon haldol lithium depakote lamictal tegretol topamax keppra dilantin zonegran synthroid levoxyl cytomel
    glucophage metformin glucotrol amaryl actos avandia januvia byetta victoza lantus levemir humalog novolog humulin
    lasix bumex demadex aldactone hydrochlorothiazide norvasc procardia cardizem calan lopressor toprol coreg tenormin
    zestril prinivil vasotec altace diovan cozaar benicar avapro micardis catapres hytrin cardura flomax proscar
    avodart
    viagra cialis levitra nexium prilosec prevacid protonix aciphex pepcid zantac reglan zofran phenergan compazine
    colace senokot miralax dulcolax imodium lomotil asacol pentasa remicade humira enbrel methotrexate plaquenil
    prednisone medrol decadron solu-medrol albuterol proventil ventolin combivent atrovent spiriva advair symbicort
    flovent pulmicort singulair allegra claritin zyrtec benadryl flonase nasonex augmentin amoxil keflex rocephin
    zithromax biaxin levaquin cipro avelox bactrim septra flagyl vancomycin zosyn unasyn cleocin doxycycline diflucan
    nystatin valtrex zovirax tamiflu fosamax actonel boniva evista premarin provera depo-provera mirena tamoxifen
    arimidex
    femara herceptin avastin taxol taxotere adriamycin cytoxan gemzar xeloda gleevec rituxan neupogen procrit epogen
    omnipaque visipaque isovue magnevist gadavist optiray ultravist gastrografin medicare medicaid internet google
""".split()  # noqa: SIM905


def folded(word: str) -> str:
    """Lower case, without accents."""
    lowered = word.lower()
    if lowered.isascii():
        return lowered
    bare = unicodedata.normalize("NFKD", lowered.translate(_LETTERS))
    return "".join(c for c in bare if not unicodedata.combining(c))


def _read(name: str) -> frozenset[str]:
    return frozenset((_DATA / f"{name}.txt").read_text("utf-8").split())


@lru_cache(maxsize=1)
def given_names() -> frozenset[str]:
    return _read("given_names")


@lru_cache(maxsize=1)
def surnames() -> frozenset[str]:
    return _read("surnames")


@lru_cache(maxsize=1)
def words() -> frozenset[str]:
    """Words of English and of clinical texts that are written in lower case."""
    return _read("words")


@lru_cache(maxsize=1)
def eponyms() -> frozenset[str]:
    """Names of diseases, signs, devices, brands and peoples, written with capitals as persons' names are."""
    return _read("eponyms") | frozenset(_DEVICES) | frozenset(_PLACES_AND_BRANDS)
