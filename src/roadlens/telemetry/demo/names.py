"""Words that the demonstration fleet's people, addresses and vehicles are made of. No person or address is meant."""

from __future__ import annotations

from typing import NamedTuple

FIRST_NAMES = (
    "Aaliyah", "Adam", "Adaeze", "Aiko", "Alma", "Amara", "Andrei", "Anika", "Anton", "Arjun", "Astrid", "Beatriz",
    "Bilal", "Bridget", "Caleb", "Camila", "Carlos", "Chidi", "Chloe", "Daniel", "Darnell", "Deepa", "Dmitri", "Elena",
    "Eli", "Emeka", "Esther", "Farah", "Felix", "Gabriela", "Grace", "Hana", "Hassan", "Hugo", "Imani", "Ines",
    "Isaac", "Ivan", "Jamal", "Jasmine", "Joanna", "Jorge", "Kavya", "Kenji", "Kofi", "Lars", "Layla", "Leila",
    "Linh", "Lucia", "Malik", "Marek", "Marisol", "Mateo", "Mei", "Miriam", "Nadia", "Naomi", "Nikhil", "Noor",
    "Olivia", "Omar", "Oskar", "Paloma", "Priya", "Quentin", "Rafael", "Renee", "Rohan", "Rosa", "Ruth", "Samir",
    "Sanjay", "Selma", "Sofia", "Sven", "Tamika", "Tariq", "Teresa", "Thandi", "Tomas", "Tuan", "Uma", "Valentina",
    "Victor", "Wei", "Willa", "Yara", "Yusuf", "Zainab",
)  # fmt: skip
LAST_NAMES = (
    "Abara", "Abbott", "Achterberg", "Adeyemi", "Alvarado", "Andersen", "Baptiste", "Barlow", "Bauer", "Begum",
    "Bergstrom", "Bianchi", "Boateng", "Calloway", "Castellanos", "Chaudhry", "Chen", "Cohen", "Dalton", "Diallo",
    "Dimitrov", "Duarte", "Eze", "Fairbanks", "Farouk", "Ferreira", "Fitzgerald", "Fujimoto", "Galindo", "Goldberg",
    "Grant", "Gupta", "Haddad", "Halvorsen", "Hassan", "Hoang", "Hollis", "Ibarra", "Iyer", "Jankowski", "Jefferson",
    "Kaplan", "Kariuki", "Kaur", "Kim", "Kowalski", "Larsen", "Lindqvist", "Lopez", "Mahmoud", "Marchetti", "Mbeki",
    "Mendoza", "Miller", "Mori", "Nakamura", "Nguyen", "Novak", "Obi", "Okafor", "Ortega", "Owusu", "Park", "Patel",
    "Pereira", "Petrov", "Quispe", "Rahman", "Ramirez", "Reyes", "Rinaldi", "Rousseau", "Sandoval", "Schneider",
    "Shapiro", "Silva", "Singh", "Sorensen", "Tanaka", "Tesfaye", "Thompson", "Tran", "Urbina", "Vargas", "Volkov",
    "Walsh", "Washington", "Whitfield", "Wójcik", "Yamada", "Yilmaz", "Zhang", "Zimmer",
)  # fmt: skip
MAIL_HOSTS = ("example.com", "example.net", "example.org")
STREETS = (
    "Alder Street", "Birch Lane", "Canal Street", "Depot Road", "Elm Avenue", "Foundry Street", "Garden Court",
    "Harvest Road", "Juniper Drive", "Kestrel Way", "Lantern Lane", "Mill Road", "North Ridge Avenue", "Orchard Street",
    "Prairie View", "Quarry Road", "Railway Avenue", "Sycamore Street", "Turnpike Road", "Willow Drive",
)  # fmt: skip


class Model(NamedTuple):
    make: str
    model: str
    category: str


CARS = (
    Model("Toyota", "Corolla", "car"), Model("Toyota", "RAV4", "car"), Model("Honda", "Civic", "car"),
    Model("Honda", "CR-V", "car"), Model("Ford", "Escape", "car"), Model("Ford", "F-150", "pickup"),
    Model("Chevrolet", "Malibu", "car"), Model("Chevrolet", "Silverado", "pickup"), Model("Hyundai", "Elantra", "car"),
    Model("Hyundai", "Ioniq 5", "car"), Model("Kia", "Sportage", "car"), Model("Nissan", "Rogue", "car"),
    Model("Subaru", "Outback", "car"), Model("Volkswagen", "Golf", "car"), Model("Tesla", "Model 3", "car"),
    Model("Mazda", "CX-5", "car"),
)  # fmt: skip
VANS = (
    Model("Ford", "Transit", "van"), Model("Mercedes-Benz", "Sprinter", "van"), Model("Ram", "ProMaster", "van"),
    Model("Chevrolet", "Express", "van"), Model("Nissan", "NV200", "van"),
)  # fmt: skip
TRACKERS = ("Teltonika FMB920", "Queclink GV57MG", "Ruptela Eco5", "CalAmp LMU-2630", "Concox GT06N")
