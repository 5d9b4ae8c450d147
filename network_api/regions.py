"""Finland's 19 regions by their ISO 3166-2:FI codes, with their names in Finnish, Swedish and English."""

REGIONS: dict[str, dict[str, str]] = {
    "FI-01": {"fi": "Ahvenanmaa", "sv": "Åland", "en": "Åland"},
    "FI-02": {"fi": "Etelä-Karjala", "sv": "Södra Karelen", "en": "South Karelia"},
    "FI-03": {"fi": "Etelä-Pohjanmaa", "sv": "Södra Österbotten", "en": "South Ostrobothnia"},
    "FI-04": {"fi": "Etelä-Savo", "sv": "Södra Savolax", "en": "South Savo"},
    "FI-05": {"fi": "Kainuu", "sv": "Kajanaland", "en": "Kainuu"},
    "FI-06": {"fi": "Kanta-Häme", "sv": "Egentliga Tavastland", "en": "Kanta-Häme"},
    "FI-07": {"fi": "Keski-Pohjanmaa", "sv": "Mellersta Österbotten", "en": "Central Ostrobothnia"},
    "FI-08": {"fi": "Keski-Suomi", "sv": "Mellersta Finland", "en": "Central Finland"},
    "FI-09": {"fi": "Kymenlaakso", "sv": "Kymmenedalen", "en": "Kymenlaakso"},
    "FI-10": {"fi": "Lappi", "sv": "Lappland", "en": "Lapland"},
    "FI-11": {"fi": "Pirkanmaa", "sv": "Birkaland", "en": "Pirkanmaa"},
    "FI-12": {"fi": "Pohjanmaa", "sv": "Österbotten", "en": "Ostrobothnia"},
    "FI-13": {"fi": "Pohjois-Karjala", "sv": "Norra Karelen", "en": "North Karelia"},
    "FI-14": {"fi": "Pohjois-Pohjanmaa", "sv": "Norra Österbotten", "en": "North Ostrobothnia"},
    "FI-15": {"fi": "Pohjois-Savo", "sv": "Norra Savolax", "en": "North Savo"},
    "FI-16": {"fi": "Päijät-Häme", "sv": "Päijänne-Tavastland", "en": "Päijät-Häme"},
    "FI-17": {"fi": "Satakunta", "sv": "Satakunta", "en": "Satakunta"},
    "FI-18": {"fi": "Uusimaa", "sv": "Nyland", "en": "Uusimaa"},
    "FI-19": {"fi": "Varsinais-Suomi", "sv": "Egentliga Finland", "en": "Southwest Finland"},
}
