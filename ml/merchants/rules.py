"""Which wordings mean what? The rules of descriptor cleaning, as rows. Extend here, not in code.

Patterns are regular expressions on the lower-case descriptor. A processor's row needs its own
mark (an asterisk, a doubled blank) wherever its letters also begin ordinary names: "SP Services" is
a shop, "SP  BOOKWORM" is one that sells through Shopify.
"""

# What a bank puts before the merchant.
CHANNELS = (
    r"(?:pos|debit card|card|recurring(?: card)?|contactless|checkcard|visa) "
    r"(?:purchase|payment|debit|transaction)(?: \d{2}[/-]?\d{2})?[ :-]+",
    r"checkcard \d{4} ",
    r"direct debit (?:to |payment )?",
    r"aplpay ",
    r"(?:refund|(?:pos |purchase )?return) (?=\S)",
)

# How banks write who is behind a transfer, a debit or a wire; the group is the name. Each is tried
# on the whole text, the first that fits says what is left of it.
_SEPA_ORDER = (
    r"(?:sepa[- ](?:ue|ü)berweisung|(?:ue|ü)berweisung|sepa-lastschrift|gutschrift"
    r"|dauerauftrag(?: miete)?(?: \d\d/\d{4})?) "
)
_SEPA_CODE = r"(?:abwa|eref|kref|mref|cred|svwz)\+"
LAYOUTS = (
    # NACHA's fields, as American banks print them.
    r"orig co name: ?(?P<name>.+?) (?:orig id|desc date|co entry descr|sec|trace#):.*",
    r"wire type:.* out\b.*?\bbnf: ?(?P<name>.+?)(?: (?:det|id|rfb|obi|bnf bk):.*)?",
    r"wire type:.*?\borig: ?(?P<name>.+?)(?: (?:det|id|rfb|obi|snd bk|bnf):.*)?",
    r"(?:ach (?:credit|debit)|deposit mobile check|mobile check deposit) (?P<name>.+)",
    r"zelle (?:payment )?(?:to|from) (?P<name>\D+?)(?: (?:on )?\S*\d.*)?",
    # SEPA's fields: on whose behalf, else the name before the first of them.
    rf".*\babwa\+ ?(?P<name>.+?)(?: {_SEPA_CODE}.*)?",
    r"sepa[- ](?:ue|ü)berweisung svwz\+(?:lohn/gehalt|gehalt|lohn)"
    r"(?: \d\d/\d{4})?(?: \d\. h(?:ae|ä)lfte)? (?P<name>\D+)",
    rf"(?:{_SEPA_ORDER})?(?P<name>(?!{_SEPA_CODE}).+?) {_SEPA_CODE}.*",
    r"sepa (?:overboeking|incasso|ideal)\b.*?\bnaam: ?(?P<name>.+?)"
    r"(?: (?:omschrijving|machtiging|kenmerk|incassant|iban)\b.*)?",
    # What was invoiced, behind the name or before it.
    r"(?P<name>\S.+?) (?:rechnung|invoice|inv|factuur|facture)[ .:#]+\S*\d.*",
    r"zahlung (?:\S{1,4} )?\d[\d /-]{3,} (?P<name>\D.+)",
)

# Who handles the payment, and what stands before the merchant's own name.
PROCESSORS = (
    ("PayPal", r"(?:paypal|pp) ?\*\s*|paypal (?=\S)"),
    ("Square", r"(?:sq|gosq\.com) ?\*\s*"),
    ("SumUp", r"sumup\s*\*\s*|sumup (?=\S)"),
    ("Zettle", r"(?:iz|zettle|izettle|ztl)[ _]?\*\s*|izettle (?=\S)|iz (?=\S)"),
    ("Toast", r"tst ?\*\s*"),
    ("Shopify", r"sp ?\*\s*|sp  +"),
    ("Worldpay", r"wp-\s*|worldpay ?\*\s*"),
    ("Klarna", r"klarna ?\*\s*"),
    ("Paddle", r"paddle\.net ?\*\s*"),
    ("FastSpring", r"fs ?\*\s*"),
    ("Digital River", r"dri ?\*\s*"),
    ("WePay", r"wpy ?\*\s*"),
    ("Bill.com", r"bill\.com (?:llc )?(?:billing|payables?) +(?=\S)"),
    ("Curve", r"crv ?\*\s*"),
)

# Where something was sold by a third party whose name follows the asterisk.
MARKETPLACES = (
    ("Etsy", r"etsy(?:\.com)? ?\*\s*"),
    ("Eventbrite", r"eb ?\*\s*"),
    ("Patreon", r"patreon ?\*\s*"),
)

# Spellings of one business: its name, website, and the descriptors that mean it.
BUSINESSES = (
    ("Amazon Marketplace", "amazon.com",
     r"(?:amazon|amzn) ?\*?(?:\w+ )?(?:mktplce|mktplace|mktp|marketplace)\b.*"),
    ("Amazon Web Services", "aws.amazon.com", r"(?:amazon web services|aws)\b.*"),
    ("Amazon Prime", "amazon.com", r"(?:amazon|amzn) ?(?:uk )?prime\b(?! now).*"),
    ("Amazon", "amazon.com",
     r"amazon(?:\.com?(?:\.[a-z]{2})?| uk retail| eu| svcs europe\w*)(?:\b.*)?"),
    ("Facebook", "facebook.com", r"(?:facebk|fb\.me|facebook) ?\*? ?\w*"),
    ("Google Ads", "ads.google.com", r"google ?\*? ?(?:adws|adwords|ads)\w*\b.*"),
    ("Google Workspace", "workspace.google.com", r"google ?\*? ?(?:gsuite|workspace)\w*\b.*"),
    ("Google Cloud", "cloud.google.com", r"google ?\*? ?cloud\w*\b.*"),
    ("Google Play", "play.google.com", r"google ?\*? ?play\b.*"),
    ("Uber Eats", "ubereats.com", r"uber ?\*? ?eats\b.*"),
    ("Uber", "uber.com", r"uber ?\*? ?(?:trip|bv|rides?)?\b(?! eats).*"),
    ("IRS", "irs.gov", r"irs\b.*usataxpymt.*"),
    ("Bill.com", "bill.com", r"bill\.com\b.*"),
    ("Deutsche Bahn", "bahn.de", r"db (?:vertrieb|fernverkehr|regio)\b.*"),
    ("MediaMarkt", "mediamarkt.de", r"media ?markt\b.*"),
    ("Microsoft", "microsoft.com", r"(?:msft|microsoft) ?\*? ?(?:<?[a-z]\d\w+>?)?"),
    ("Notion", "notion.so", r"notion labs\b.*|notion\.so\b.*"),
    ("Rewe", "rewe.de", r"rewe\b.*"),
    ("Stripe", "stripe.com", r"stripe(?: (?:payments|technology)\b.*)?"),
    ("Apple", "apple.com", r"(?:apple\.com/bill|itunes\.com/?(?: ?bill)?).*"),
    ("Spotify", "spotify.com", r"spotify\b.*"),
)  # fmt: skip

# Endings that name the legal form, not the business.
LEGAL_FORMS = frozenset(
    {
        "ltd", "limited", "limite", "limi", "limit", "plc", "inc", "incorporated", "llc", "llp",
        "corp", "corporation", "gmbh", "ag", "sarl", "bv", "nv", "srl", "pty",
    }
)  # fmt: skip
# Endings that name an outlet, after at least one other word.
OUTLETS = frozenset({"store", "stores", "branch"})
# Words that name no business by themselves.
GENERIC = frozenset(
    {
        "order", "orders", "info", "sales", "online", "website", "web", "shop", "payment",
        "payments", "uk", "gb", "eu", "internet", "mail", "bill", "ebay", "book", "enquiries",
        "service",
    }
)  # fmt: skip

TOP_LEVEL_DOMAINS = (
    "co.uk", "co.u", "couk", "org.uk", "org.u", "gov.uk", "ac.uk", "ltd.uk", "uk.com", "com.au",
    "co.nz", "com", "net", "org", "eu", "uk", "de", "fr", "nl", "es", "it", "ie", "at", "ch", "be",
    "se", "dk", "us", "ca", "io", "co",
    "app", "dev", "ai", "info", "biz", "tv", "me", "shop", "store",
)  # fmt: skip

# Names of companies that are words of every day too: alone they mean the company, before other
# words they may mean anything.
COMMON_WORDS = frozenset(
    {
        "admiral", "adobe", "apple", "article", "banner", "barmer", "bauhaus", "bench", "bird",
        "bolt", "boots", "booker", "box", "brakes", "bulb", "canva", "caviar", "clipper", "curb",
        "deel", "dice", "dott", "ebay", "enterprise", "essent", "figma", "fidelity", "flink",
        "free", "front", "gett", "glassdoor", "gong", "guru", "hays", "hilton", "hp", "indeed",
        "initial", "insight", "lever", "lime", "linear", "loom", "make", "malt", "marriott",
        "medium", "meta", "monster", "next", "norton", "notion", "orange", "otto", "oyster",
        "paramount", "patreon", "peacock", "picnic", "pilot", "ramp", "reed", "render", "railway",
        "ring", "saturn", "segment", "sketch", "sky", "spar", "spaces", "spectrum", "square",
        "staples", "star", "stamps", "steam", "target", "three", "thrifty", "tidal", "tier",
        "unity", "via", "very", "viking", "wish", "wise", "wolt", "zoom", "vantage", "express",
    }
)  # fmt: skip
# Cities that banks write behind a merchant, as they write them; what follows is state or country.
CITIES = (
    "san francisco", "san fran", "new york", "los angeles", "las vegas", "san jose", "san diego",
    "st louis", "salt lake city", "menlo park", "mountain view", "palo alto", "cupertino",
    "seattle", "austin", "chicago", "houston", "dallas", "atlanta", "boston", "denver", "miami",
    "portland", "phoenix", "philadelphia", "washington", "brooklyn", "oakland", "sacramento",
    "minneapolis", "detroit", "nashville", "charlotte", "orlando", "tampa", "pittsburgh",
    "cleveland", "baltimore", "wilmington", "redmond", "london", "manchester", "birmingham",
    "leeds", "glasgow", "edinburgh", "liverpool", "bristol", "sheffield", "nottingham",
    "leicester", "coventry", "cardiff", "belfast", "reading", "cambridge", "oxford", "brighton",
    "slough", "luton", "dublin", "cork", "berlin", "hamburg", "muenchen", "munchen", "münchen",
    "koeln", "köln", "frankfurt", "stuttgart", "duesseldorf", "düsseldorf", "leipzig", "dresden",
    "hannover", "bremen", "essen", "dortmund", "nuernberg", "nürnberg", "gunzenhausen", "bonn",
    "karlsruhe", "mannheim", "wien", "graz", "zuerich", "zürich", "geneve", "basel", "amsterdam",
    "rotterdam", "utrecht", "den haag", "eindhoven", "bruxelles", "brussels", "antwerpen",
    "paris", "lyon", "marseille", "toulouse", "nantes", "lille", "madrid", "barcelona",
    "valencia", "sevilla", "lisboa", "porto", "milano", "roma", "torino", "napoli", "praha",
    "warszawa", "krakow", "budapest", "stockholm", "oslo", "kobenhavn", "helsinki", "luxembourg",
    "toronto", "montreal", "vancouver", "sydney", "melbourne",
)  # fmt: skip
COUNTRIES = (
    "us", "usa", "gb", "gbr", "uk", "ie", "irl", "de", "deu", "ger", "nl", "nld", "fr", "fra", "es",
    "esp", "it", "ita", "at", "aut", "ch", "che", "be", "bel", "lu", "lux", "pt", "prt", "cz", "pl",
    "se", "no", "dk", "fi", "ca", "can", "au", "aus",
)  # fmt: skip
STATES = (
    "al", "ak", "az", "ar", "ca", "co", "ct", "de", "fl", "ga", "hi", "id", "il", "in", "ia",
    "ks", "ky", "la", "me", "md", "ma", "mi", "mn", "ms", "mo", "mt", "ne", "nv", "nh", "nj",
    "nm", "ny", "nc", "nd", "oh", "ok", "or", "pa", "ri", "sc", "sd", "tn", "tx", "ut", "vt",
    "va", "wa", "wv", "wi", "wy", "dc",
)  # fmt: skip
