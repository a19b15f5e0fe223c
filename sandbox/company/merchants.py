"""Whom does the company buy from, and how do banks spell them?

Every spelling is a template: `{n}` digits of this purchase, `{d}` its month and day, `{m}` its
month and year.
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.company.banking import LineKind


@dataclass(frozen=True, slots=True)
class Merchant:
    """One seller: what it is called, its category code, its spellings, and what it costs.

    `cost` is the least and the most of one purchase, in minor units of a two-decimal currency;
    `a_month` how many purchases a month there are (in tenths).
    """

    name: str
    mcc: str
    kind: LineKind
    spellings: tuple[str, ...]
    cost: tuple[int, int]
    a_month: int = 10


AMERICAN = (
    Merchant(
        "Amazon Web Services", "7399", "software",
        ("AMAZON WEB SERVICES AWS.AMAZON.CO WA", "AWS EMEA aws.amazon.co {n}",
         "Amazon web services SEATTLE WA {d}"), (38_000, 96_000),
    ),
    Merchant(
        "GitHub", "5734", "software",
        ("GITHUB, INC. HTTPSGITHUB.C CA", "GITHUB.COM {n} SAN FRANCISCO CA"), (8_400, 8_400),
    ),
    Merchant(
        "Slack", "5734", "software", ("SLACK T0{n}K DUBLIN IRL", "SLACK* T{n} SLACK.COM/HELP"),
        (10_500, 10_500),
    ),
    Merchant(
        "Figma", "5734", "software", ("FIGMA SAN FRANCISCO CA", "FIGMA MONTHLY RENEWAL {n}"),
        (4_500, 4_500),
    ),
    Merchant("Notion", "5734", "software", ("NOTION LABS, INC. NOTION.SO CA",), (4_800, 4_800)),
    Merchant("Zoom", "4814", "software", ("ZOOM.US 888-799-9666 CA",), (1_599, 1_599)),
    Merchant(
        "Google Workspace", "7372", "software",
        ("GOOGLE *GSUITE_northwin cc@google.com CA", "GOOGLE*WORKSPACE NORTHWI g.co/helppay#"),
        (14_400, 14_400),
    ),
    Merchant(
        "Amazon", "5942", "card_purchase",
        ("AMZN Mktp US*{n} Amzn.com/bill WA", "AMAZON.COM*{n} SEATTLE WA"), (1_250, 18_900), 25,
    ),
    Merchant(
        "Uber", "4121", "card_purchase",
        ("UBER *TRIP HELP.UBER.COM CA", "UBER   TRIP {n} 8005928996 CA"), (840, 5_210), 30,
    ),
    Merchant(
        "Blue Bottle Coffee", "5814", "card_purchase",
        ("SQ *BLUE BOTTLE COFFEE {d} AUSTIN TX", "SQ *BLUE BOTTLE COFF Austin US"), (475, 2_380),
        25,
    ),
    Merchant(
        "Delta Air Lines", "3058", "card_purchase",
        ("DELTA AIR 0062{n} ATLANTA GA", "DELTA AIR LINES ATLANTA"), (18_900, 62_400), 5,
    ),
    Merchant(
        "Staples", "5943", "card_purchase", ("STAPLES 0011{n} AUSTIN TX",), (1_499, 12_750), 6,
    ),
    Merchant(
        "Google Ads", "7311", "card_purchase",
        ("GOOGLE *ADS{n} cc@google.com CA", "GOOGLE ADWS{n} CC@GOOGLE.COM CA"), (25_000, 50_000),
        15,
    ),
)  # fmt: skip

EUROPEAN = (
    Merchant(
        "Hetzner", "7399", "software",
        ("HETZNER ONLINE GMBH R{n} GUNZENHAUSEN", "Hetzner Online GmbH//Gunzenhausen/DE {d}"),
        (12_900, 34_500),
    ),
    Merchant(
        "Google Cloud", "7372", "software",
        ("GOOGLE*CLOUD {n} cc@google.com IE", "GOOGLE CLOUD EMEA LTD DUBLIN"), (9_100, 26_300),
    ),
    Merchant("JetBrains", "5734", "software", ("JETBRAINS S.R.O. PRAHA {n}",), (5_980, 5_980)),
    Merchant(
        "Atlassian", "5734", "software", ("ATLASSIAN AMSTERDAM NLD", "Atlassian* {n} AMSTERDAM"),
        (7_150, 7_150),
    ),
    Merchant("Adobe", "5734", "software", ("ADOBE *CREATIVE CLOUD DUBLIN",), (6_649, 6_649)),
    Merchant(
        "Deutsche Bahn", "4112", "card_purchase",
        ("DB VERTRIEB GMBH//FRANKFURT/DE {d}", "DB Fernverkehr AG {n} Frankfurt"), (1_990, 14_980),
        20,
    ),
    Merchant(
        "Lieferando", "5812", "card_purchase",
        ("LIEFERANDO.DE {n} BERLIN", "Takeaway.com Lieferando {n}"), (1_480, 9_250), 15,
    ),
    Merchant(
        "Rewe", "5411", "card_purchase",
        ("REWE SAGT DANKE. {n}//HAMBURG/DE", "REWE MARKT GMBH 4{n}"), (620, 7_890), 20,
    ),
    Merchant(
        "Lufthansa", "3008", "card_purchase",
        ("LUFTHANSA 220{n} KOELN", "LUFTHANSA GROUP FRANKFURT"), (14_900, 48_800), 4,
    ),
    Merchant(
        "LinkedIn Ads", "7311", "card_purchase", ("LINKEDIN ADS {n} LNKD.IN/BILL",),
        (20_000, 45_000), 10,
    ),
    Merchant(
        "MediaMarkt", "5732", "card_purchase", ("MEDIA MARKT {n}//HAMBURG/DE",), (2_999, 64_900), 3,
    ),
)  # fmt: skip
