"""The invented clinics, devices and people of the lab."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LabClinic:
    """A clinic: how often it syncs by design (field section 8), and its type in the registry."""

    id: str
    name: str
    short: str
    city: str
    every_s: int
    type: str = "satellite"


@dataclass(frozen=True, slots=True, kw_only=True)
class LabDevice:
    """A device; `share` is empty for one that pushes by itself, `own_server` puts its share on a host of its own."""

    id: str
    name: str
    type: str
    maker: str
    clinic: str
    share: str = ""
    own_server: bool = False

    @property
    def slug(self) -> str:
        """Its name as a target."""
        return self.id.lower().replace("_", "-")


CLINICS = (
    LabClinic(
        id="DEPOT_CENTRAL", name="Dépôt Central", short="Dépôt", city="Kinshasa", every_s=300, type="depot"
    ),
    LabClinic(
        id="TOMBALBAYE_KIN", name="Clinique Tombalbaye", short="Tombalbaye", city="Kinshasa", every_s=300
    ),
    LabClinic(
        id="MATRIX_KIN", name="Matrix Eye Clinic", short="Matrix", city="Kinshasa", every_s=600, type="main"
    ),
    LabClinic(id="MATADI_KC", name="Clinique de Matadi", short="Matadi", city="Matadi", every_s=1800),
)
TIMEZONE = "Africa/Kinshasa"
OWN_CLINIC = "MATRIX_KIN"
FAR_CLINIC = "MATADI_KC"
NEAR_CLINIC = "TOMBALBAYE_KIN"

DEVICES = (
    LabDevice(
        id="ZEISS_CLARUS700",
        name="Zeiss CLARUS 700",
        type="fundus-camera",
        maker="Zeiss",
        clinic="MATRIX_KIN",
        share="ZEISS RETINO",
        own_server=True,
    ),
    LabDevice(
        id="SOLIX_OCT",
        name="Optovue Solix",
        type="oct",
        maker="Optovue",
        clinic="MATRIX_KIN",
        share="Export Solix OCT",
    ),
    LabDevice(
        id="TOMEY_TL7000",
        name="Tomey TL-7000",
        type="lensmeter",
        maker="Tomey",
        clinic="MATRIX_KIN",
        share="TOMEY",
    ),
    LabDevice(
        id="NIDEK_TONOREF",
        name="Nidek Tonoref III",
        type="tonometer",
        maker="Nidek",
        clinic="MATRIX_KIN",
        share="tonoref",
    ),
    LabDevice(
        id="EXAMEN_MICRO",
        name="Microscope",
        type="slit-lamp",
        maker="Haag",
        clinic="TOMBALBAYE_KIN",
        share="MICROSCOPE",
    ),
    LabDevice(
        id="IOLMASTER700", name="IOLMaster 700", type="biometer", maker="Zeiss", clinic="TOMBALBAYE_KIN"
    ),
    LabDevice(id="HUMPHREY_750", name="Humphrey 750i", type="perimeter", maker="Zeiss", clinic="MATADI_KC"),
    LabDevice(id="NIDEK_ARK1", name="Nidek ARK-1", type="auto-refractor", maker="Nidek", clinic="MATADI_KC"),
)

FIRST_NAMES = ("Fictif", "Fictive", "Inventé", "Inventée", "Imaginaire", "Exemple")
LAST_NAMES = ("SPECIMEN", "MODELE", "PERSONNE", "EXEMPLAIRE", "MAQUETTE", "ESSAI")
USERS = (
    ("amani", "Amani", "SPECIMEN", "admin"),
    ("beni", "Béni", "MODELE", "admin"),
    ("chance", "Chance", "MAQUETTE", "technician"),
    ("divine", "Divine", "ESSAI", "doctor"),
    ("espoir", "Espoir", "PERSONNE", "nurse"),
    ("fiston", "Fiston", "EXEMPLAIRE", "receptionist"),
)

PLANTED_NAME = (
    "KABUYA-EXEMPLE",
    "MIREILLE",
)  # the patient of the fault log-patient: nobody of that name exists
PLANTED_SECRET = "Invente-Secret-7731"  # the password of the fault log-patient: it opens nothing
