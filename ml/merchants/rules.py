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
    ("Google Ads", "ads.google.com", r"google ?\*? ?(?:adws|ads)\w*"),
    ("Microsoft", "microsoft.com", r"(?:msft|microsoft) ?\*? ?(?:<?[a-z]\d\w+>?)?"),
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
