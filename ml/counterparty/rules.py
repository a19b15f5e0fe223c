"""Which wordings tell a rail, a business, a person? Rules as rows. Extend here, not in code.

Patterns are regular expressions on the lower-case text; of the rails the first that fits, wins.
"""

# Rail, pattern, confidence.
RAILS: tuple[tuple[str, str, float], ...] = (
    ("fee", r"wire fee|maintenance fee|service charge|kontof(?:ue|ü)hrung|entgeltabschluss", 0.95),
    ("cash", r"\batm\b|cash withdrawal|geldautomat|bargeld|cashpoint", 0.95),
    ("cheque", r"\b(?:check|cheque)\b(?: #?\d+)?|scheckeinl(?:oe|ö)sung", 0.85),
    ("direct_debit", r"direct debit|sepa-lastschrift|\blastschrift\b|\bincasso\b"
                     r"|\bpr(?:e|é)l(?:e|è)vement\b|\bdomiciliaci(?:o|ó)n\b|\bmandatsref", 0.95),
    ("sepa", r"\bsepa\b|svwz\+|eref\+|\biban\b|dauerauftrag|gutschrift|(?:ue|ü)berweisung", 0.93),
    ("wire", r"wire (?:type|in|out|transfer)|\bfedwire\b|\bswift\b|\bchaps\b", 0.95),
    ("ach", r"\bach\b|\bppd\b|\bccd\b|\bweb pmt\b|orig co name|sec:(?:ppd|ccd|web)", 0.95),
    ("faster_payments", r"\bfpo\b|\bfpi\b|faster payment|\bbacs\b|standing order", 0.93),
    ("card", r"^(?:sq|tst|sp|paypal|pp|sumup|iz|zettle) ?\*|\bcheckcard\b|debit card|pos purchase"
             r"|\*", 0.85),
)  # fmt: skip
# What a transaction's own type says, where the bank tells it.
RAIL_OF_TYPE = {
    "card_payment": "card", "direct_debit": "direct_debit", "cash": "cash", "cheque": "cheque",
    "fee": "fee", "interest": "internal",
}  # fmt: skip
RAIL_OF_METHOD = {
    "card": "card", "card_present": "card", "sepa_debit": "direct_debit",
    "bacs_debit": "direct_debit", "us_bank_account": "ach", "ach_debit": "ach",
    "customer_balance": "wire", "link": "card",
}  # fmt: skip

# Words that only a business's name has, its legal form above all.
BUSINESS = (
    r"\b(?:ltd|limited|plc|inc|llc|llp|lp|corp|corporation|company|gmbh|ag|kg|ohg|ug|e\.?k|sarl|sas"
    r"|bv|b\.v|nv|n\.v|srl|spa|s\.a|pty|k\.k|kabushiki kaisha|wll|oy|ab|aps|as|group|holdings?"
    r"|services?|solutions|consulting|studio|bank|insurance|versicherung\w*|immobilien|stadtwerke"
    r"|school|university|hotel|restaurant|store|shop)\b"
)
GOVERNMENT = (
    r"\b(?:irs|hmrc|finanzamt|belastingdienst|usataxpymt|treasury|council|city of|county|department"
    r"|ministry|gemeinde|landeskasse|zollamt|dvla|companies house|franchise tax)\b"
)
# First names that are common in the countries of our providers, and name few shops.
FIRST_NAMES = frozenset(
    {
        "ada", "adam", "adrian", "alan", "albert", "alex", "alexander", "alice", "alicia",
        "amanda", "amy", "ana", "andrea", "andreas", "andrew", "angela", "anita", "ann", "anna",
        "anne", "anthony", "antonio", "arthur", "barbara", "ben", "benjamin", "bernd", "bjorn",
        "brian", "bruno", "carl", "carla", "carlos", "carmen", "carol", "caroline", "catherine",
        "charles", "chiara", "chris", "christian", "christina", "christine", "christoph",
        "christopher", "claire", "clara", "claudia", "daniel", "daniela", "david", "deborah",
        "dennis", "diana", "dirk", "dominik", "donald", "edward", "elena", "elif", "elisabeth",
        "elizabeth", "ellen", "emily", "emma", "eric", "erik", "eva", "felix", "femke",
        "fernando", "florian", "frank", "franziska", "fred", "gabriel", "gabriele", "george",
        "gerald", "goran", "gregory", "hana", "hannah", "hans", "harald", "heike", "heinz",
        "helen", "helena", "henry", "holger", "ines", "ingrid", "isabel", "ivan", "jack", "jacob",
        "james", "jan", "jana", "jane", "janet", "jason", "javier", "jean", "jennifer", "jens",
        "jessica", "jim", "joan", "joe", "johannes", "john", "jonas", "jonathan", "jorge", "jose",
        "joseph", "joshua", "juan", "judith", "julia", "julian", "julie", "jurgen", "karen",
        "karin", "karl", "karsten", "katharina", "katherine", "kathrin", "katja", "keith",
        "kelly", "kenneth", "kerstin", "kevin", "klaus", "larry", "lars", "laura", "lea", "leon",
        "leonie", "liam", "linda", "lisa", "louis", "lucas", "lucia", "luis", "luke", "manfred",
        "manuel", "marc", "marco", "margaret", "maria", "marie", "mario", "mark", "markus",
        "marta", "martin", "martina", "mary", "matthew", "matthias", "max", "maya", "melanie",
        "michael", "michelle", "miguel", "monica", "monika", "nadine", "nancy", "natalie",
        "nathan", "nicholas", "nicole", "nina", "noor", "nora", "oliver", "oskar", "olga",
        "pablo", "patricia", "patrick", "paul", "paula", "pedro", "peter", "petra", "philip",
        "pia", "priya", "rachel", "rainer", "ralf", "raymond", "rebecca", "regina", "richard",
        "robert", "roland", "rosa", "ruth", "ryan", "sabine", "samantha", "samuel", "sandra",
        "sara", "sarah", "scott", "sebastian", "silke", "silvia", "simon", "simone", "sofia",
        "sophie", "stefan", "stefanie", "stephanie", "stephen", "steven", "susan", "susanne",
        "sven", "tanja", "teresa", "theresa", "thomas", "tim", "timothy", "tina", "tobias", "tom",
        "torsten", "ulrich", "ursula", "uwe", "vanessa", "vera", "veronica", "victor", "victoria",
        "vincent", "walter", "werner", "william", "wolfgang", "yvonne", "zoe",
    }
)  # fmt: skip
# What banks write around a person's name.
AROUND_A_NAME = (
    r"sepa[- ](?:ue|ü)berweisung|svwz\+.*?(?:haelfte|hälfte|gehalt|lohn)"
    r"|zelle (?:payment )?(?:to|from)|venmo(?: payment)?|lohn/gehalt"
    r"|\d+[/.]\d+|salary|payroll|wages|transfer (?:to|from)"
    r"|\b(?:mr|mrs|ms|dr|herr|frau)\b"
)
