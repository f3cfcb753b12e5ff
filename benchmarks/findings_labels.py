"""Which entity of the vocabulary a label of other people means: Open-i's MeSH major terms and radlabels' findings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MeshTerm:
    """A MeSH major term with the qualifiers that make it this finding ("Lung/hyperdistention")."""

    name: str
    entities: tuple[str, ...]
    heads: tuple[str, ...]
    qualifiers: tuple[str, ...] = ()  # one of these must follow, where any is named

    def matches(self, term: tuple[str, ...]) -> bool:
        return term[0] in self.heads and (not self.qualifiers or bool(set(self.qualifiers) & set(term[1:])))


MESH = (
    MeshTerm("Cardiomegaly", ("cardiomegaly",), ("cardiomegaly",)),
    MeshTerm("Pleural Effusion", ("pleural effusion",), ("pleural effusion", "hydropneumothorax", "hemothorax")),
    MeshTerm("Pneumothorax", ("pneumothorax",), ("pneumothorax", "hydropneumothorax")),
    MeshTerm("Pulmonary Atelectasis", ("atelectasis",), ("pulmonary atelectasis",)),
    MeshTerm("Opacity/lung", ("lung opacity",), ("opacity",)),
    MeshTerm(
        "any lung opacity",
        ("lung opacity",),
        (
            "opacity",
            "airspace disease",
            "pulmonary atelectasis",
            "infiltrate",
            "consolidation",
            "pneumonia",
            "nodule",
            "pulmonary edema",
            "density",
            "calcified granuloma",
            "granuloma",
            "mass",
        ),
    ),
    MeshTerm(
        "Airspace Disease, Infiltrate, Consolidation",
        ("consolidation",),
        ("airspace disease", "infiltrate", "consolidation", "pneumonia"),
    ),
    MeshTerm("Pneumonia", ("pneumonia",), ("pneumonia",)),
    MeshTerm("Pulmonary Edema", ("pulmonary edema",), ("pulmonary edema",)),
    MeshTerm("Pulmonary Congestion", ("pulmonary vascular congestion",), ("pulmonary congestion",)),
    MeshTerm("Lung/hypoinflation", ("low lung volumes",), ("lung",), ("hypoinflation",)),
    MeshTerm("Lung/hyperdistention", ("hyperinflation",), ("lung",), ("hyperdistention",)),
    MeshTerm(
        "Markings",
        ("interstitial opacity",),
        ("markings", "lung diseases, interstitial"),
        ("interstitial", "bronchovascular", "lung"),
    ),
    MeshTerm("Nodule", ("nodule",), ("nodule", "calcified granuloma", "granuloma")),
    MeshTerm("Calcified Granuloma", ("granuloma",), ("calcified granuloma", "granuloma")),
    MeshTerm("Granulomatous Disease", ("granulomatous disease",), ("granulomatous disease",)),
    MeshTerm("Mass", ("mass",), ("mass",)),
    MeshTerm("Emphysema", ("emphysema",), ("emphysema", "pulmonary emphysema", "bullous emphysema")),
    MeshTerm(
        "Pulmonary Disease, Chronic Obstructive",
        ("chronic obstructive pulmonary disease",),
        ("pulmonary disease, chronic obstructive", "emphysema", "pulmonary emphysema", "bullous emphysema"),
    ),
    MeshTerm("Cicatrix", ("scarring",), ("cicatrix",)),
    MeshTerm("Costophrenic Angle/blunted", ("costophrenic angle blunting",), ("costophrenic angle",), ("blunted",)),
    MeshTerm("Diaphragm/elevated", ("elevated hemidiaphragm",), ("diaphragm",), ("elevated",)),
    MeshTerm("Pleura thickening", ("pleural thickening",), ("thickening",), ("pleura",)),
    MeshTerm("Aorta/tortuous", ("tortuous aorta",), ("aorta", "aorta, thoracic"), ("tortuous",)),
    MeshTerm("Calcinosis/aorta", ("aortic calcification",), ("calcinosis",), ("aorta", "aorta, thoracic")),
    MeshTerm("Atherosclerosis, Calcinosis/aorta", ("aortic atherosclerosis",), ("atherosclerosis",)),
    MeshTerm("Calcinosis/lymph nodes", ("calcification", "calcified lymph node"), ("calcinosis",), ("lymph nodes",)),
    MeshTerm("Heart Failure", ("heart failure",), ("heart failure",)),
    MeshTerm("Hernia, Hiatal", ("hiatal hernia",), ("hernia, hiatal",)),
    MeshTerm("Fractures, Bone", ("fracture",), ("fractures, bone",)),
    MeshTerm("Scoliosis", ("scoliosis",), ("scoliosis",)),
    MeshTerm("Kyphosis", ("kyphosis",), ("kyphosis",)),
    MeshTerm("Bone Diseases, Metabolic", ("osteopenia",), ("bone diseases, metabolic",)),
    MeshTerm(
        "degenerative (Spine, Osteophyte, Spondylosis, Arthritis)",
        ("degenerative change",),
        (
            "spine",
            "thoracic vertebrae",
            "lumbar vertebrae",
            "cervical vertebrae",
            "shoulder",
            "osteophyte",
            "spondylosis",
            "arthritis",
            "bone and bones",
        ),
        (),
    ),
    MeshTerm("Catheters, Indwelling", ("central venous catheter",), ("catheters, indwelling",)),
    MeshTerm(
        "Implanted Medical Device",
        ("cardiac device", "pacemaker", "implantable defibrillator", "prosthetic valve"),
        ("implanted medical device", "medical device"),
    ),
    MeshTerm(
        "Tube, Inserted", ("endotracheal tube", "enteric tube", "chest tube", "tracheostomy tube"), ("tube, inserted",)
    ),
    MeshTerm(
        "Surgical Instruments, Sutures", ("surgical clips", "sternotomy wires"), ("surgical instruments", "sutures")
    ),
    MeshTerm("Spinal Fusion", ("spinal hardware",), ("spinal fusion",)),
    MeshTerm("Stents", ("stent",), ("stents",)),
    MeshTerm("Foreign Bodies", ("foreign body",), ("foreign bodies",)),
    MeshTerm("Pulmonary Fibrosis", ("pulmonary fibrosis",), ("pulmonary fibrosis",)),
)

# radlabels 0.2.0: the labels were made by RadGraph-XL and a list of phrases, not by people reading the reports.
RADLABELS: dict[str, tuple[str, ...]] = {
    "air_space_opacity": ("consolidation", "ground-glass opacity"),
    "atelectasis": ("atelectasis",),
    "calcification_of_the_aorta": ("aortic calcification", "aortic atherosclerosis"),
    "cardiomegaly": ("cardiomegaly",),
    "central_venous_catheter": ("central venous catheter", "Swan-Ganz catheter"),
    "consolidation": ("consolidation",),
    "emphysema": ("emphysema", "subcutaneous emphysema"),
    "endotracheal_tube": ("endotracheal tube",),
    "enlarged_cardiomediastinum": ("mediastinal widening",),
    "enteric_tube": ("enteric tube",),
    "fracture_generic": ("fracture",),
    "ground_glass_opacity": ("ground-glass opacity",),
    "hiatus_hernia": ("hiatal hernia",),
    "hilar_lymphadenopathy": ("lymphadenopathy",),
    "hyperinflation": ("hyperinflation",),
    "intercostal_drain": ("chest tube",),
    "interstitial_thickening": ("interstitial opacity",),
    "lung_nodule_or_mass": ("nodule", "mass"),
    "lung_opacity": ("lung opacity",),
    "pacemaker_electronic_cardiac_device_or_wires": ("cardiac device", "pacemaker", "implantable defibrillator"),
    "peribronchial_cuffing": ("bronchitis",),
    "pleural_effusion": ("pleural effusion", "costophrenic angle blunting"),
    "pleural_thickening": ("pleural thickening",),
    "pneumomediastinum": ("pneumomediastinum",),
    "pneumonia": ("pneumonia",),
    "pneumoperitoneum": ("pneumoperitoneum",),
    "pneumothorax": ("pneumothorax",),
    "pulmonary_congestion_pulmonary_venous_congestion": ("pulmonary vascular congestion", "pulmonary edema"),
    "pulmonary_edema": ("pulmonary edema",),
    "pulmonary_fibrosis": ("pulmonary fibrosis",),
    "subcutaneous_emphysema": ("subcutaneous emphysema",),
    "tortuous_aorta": ("tortuous aorta",),
    "tracheal_deviation": ("tracheal deviation",),
    "tracheostomy_tube": ("tracheostomy tube",),
}  # fmt: skip
