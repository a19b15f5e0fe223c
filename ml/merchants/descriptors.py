"""What is in one raw descriptor? Processor, merchant, website, phone, reference, taken apart."""

import hashlib
import re
from dataclasses import dataclass

from ml.merchants import rules
from ml.texts import either

_CHANNEL = re.compile("|".join(f"(?:{pattern})" for pattern in rules.CHANNELS))
_BEFORE = [
    (kind, name, re.compile(pattern))
    for kind, table in (("processor", rules.PROCESSORS), ("marketplace", rules.MARKETPLACES))
    for name, pattern in table
]
_LAYOUTS = [re.compile(pattern) for pattern in rules.LAYOUTS]
# Without one of these no layout fits: most texts are told by one search.
_LAID_OUT = re.compile(
    r"\+|:|\b(?:ach|deposit|zelle|zahlung|rechnung|inv(?:oice)?|fact(?:uur|ure))\b"
)
_BUSINESSES = [(name, site, re.compile(pattern)) for name, site, pattern in rules.BUSINESSES]
# Most texts begin with no processor and are no listed spelling: one look for all rows tells so.
_ANY_BEFORE = re.compile(either(pattern.pattern for _, _, pattern in _BEFORE))
_ANY_BUSINESS = re.compile(either(pattern for _, _, pattern in rules.BUSINESSES))
_DOMAIN_ENDS = "|".join(
    re.escape(end) for end in sorted(rules.TOP_LEVEL_DOMAINS, key=len, reverse=True)
)
_WEBSITE = re.compile(
    rf"(?:https?:?/*)?(?:www\.)?(?:[\w.]+@)?([a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*?)"
    rf"\.({_DOMAIN_ENDS})(?=[/\s]|$)"
    r"(?:/\S*)?"
)
_CUT_WEBSITE = re.compile(r"(?:https?:?/*)?www[. ]([a-z0-9][a-z0-9-]*)\S*")
_SLASHED_PLACE = re.compile(r"//[^/]+(?:/[a-z]{2,3})?(?: [\d/.: -]+)?$")
_PLACE = re.compile(
    rf"\s(?:{'|'.join(map(re.escape, rules.CITIES))})"
    rf"(?P<state>\s(?:{'|'.join((*rules.STATES, *rules.COUNTRIES))}))?(?: [\d/.: -]+)?$"
)
_PHONE = re.compile(r"(?<![\w-])#?(?:\+?\d[ -]?)?(?:\(?\d{3,5}\)?[ -]?)\d{3}[ -]?\d{3,4}(?![\w-])")
# The first word is taken for a number only when long and bare: "O2 UK", "DV247 Limited" are names.
_LEADING = re.compile(r"^\d{5,}(?=\s)")
_NUMBER = re.compile(r"(?<=[\s-])(?:no\.? ?|#)?[a-z]{0,2}\d[\d/-]*(?!\S)")
_CODE = re.compile(r"(?<=\s)(?=[a-z0-9-]*\d[a-z0-9-]*\d)[a-z0-9-]{6,}(?!\S)")


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A descriptor taken apart. Empty text where there is nothing.

    Attributes
    ----------
    name
        The business as one would write it.
    merchant_id
        Stable: equal for every spelling with the same `key`.
    key
        What identifies the business: lower case, without numbers, legal form and outlet.
    processor, marketplace
        Who stands between, by name.
    website, phone, reference, location
        What else was in the text.
    """

    name: str
    merchant_id: str
    key: str
    processor: str
    marketplace: str
    website: str
    phone: str
    reference: str
    location: str


def take_apart(text: str) -> Descriptor:
    """Take one descriptor apart.

    Parameters
    ----------
    text
        As the bank or processor sent it.

    Returns
    -------
    Descriptor
        Never fails; a text without any word is its own name.

    Examples
    --------
    >>> found = take_apart("SQ *BLUE BOTTLE 8442")
    >>> found.name, found.processor, found.reference
    ('Blue Bottle', 'Square', '8442')
    >>> take_apart("www.thesawcentre.co.uk").website
    'thesawcentre.co.uk'
    """
    rest = text.strip().lower()
    between = {"processor": "", "marketplace": ""}
    # A wallet may stand before a processor: take off what stands before until nothing does.
    while True:
        shorter = _CHANNEL.sub("", rest) if _CHANNEL.match(rest) else rest
        for kind, name, pattern in _BEFORE if _ANY_BEFORE.match(shorter) else ():
            if (match := pattern.match(shorter)) and shorter[match.end() :].strip():
                between[kind] = between[kind] or name
                shorter = shorter[match.end() :]
                break
        shorter = _within(shorter)
        if shorter == rest:
            break
        rest = shorter.strip()
    rest = " ".join(rest.split())
    for name, site, pattern in _BUSINESSES if _ANY_BUSINESS.fullmatch(rest) else ():
        if pattern.fullmatch(rest):
            return _described(name, name.lower(), between, site, "", "", "")
    return _read(rest, between)


def _within(text: str) -> str:
    """Return the name within what a bank writes around it; the text itself where no layout fits."""
    if _LAID_OUT.search(text):
        plain = " ".join(text.split())
        for layout in _LAYOUTS:
            if match := layout.fullmatch(plain):
                return match["name"]
    return text


def _read(rest: str, between: dict[str, str]) -> Descriptor:
    website = phone = ""
    rest, location = _without_place(rest)
    words, _, reference = rest.partition("*")
    if not re.search(r"[^\W\d_]{2}", words):
        words, reference = rest.replace("*", " "), ""
    if match := _WEBSITE.search(words):
        end = {"couk": "co.uk", "co.u": "co.uk", "org.u": "org.uk"}.get(match[2], match[2])
        website = f"{match[1]}.{end}"
        label = match.group(1).split(".")[-1]
        # The site alone is the name; beside a name it is only the website.
        around = f"{words[: match.start()]} {words[match.end() :]}"
        own = set(re.findall(r"[^\W\d_]{2,}", around)) - rules.GENERIC
        if any(len(word) > 2 for word in own):
            words = around
        else:
            numbers = (word for word in around.split() if any(map(str.isdigit, word)))
            words = " ".join([label, *numbers])
    elif match := _CUT_WEBSITE.match(words):
        words = re.sub(r" co uk?$", "", f"{match[1]}{words[match.end() :]}")
    if match := _PHONE.search(words):
        phone = re.sub(r"[^\d+]", "", match.group())
        words = f"{words[: match.start()]} {words[match.end() :]}"
    found = [reference.strip()]
    for pattern in (_LEADING, _CODE, _NUMBER):
        found += [part.strip() for part in pattern.findall(words)]
        words = pattern.sub(" ", words)
    name = re.sub(r"^[\s\-.,:/&#]+|[\s\-.,:/&#]+$", "", " ".join(words.split()))
    if not re.search(r"[^\W\d_]", name):
        return _described(rest, rest, between, website, "", "", location)
    return _described(
        name.title().replace("'S", "'s"), name, between, website, phone,
        " ".join(part for part in found if part), location,
    )  # fmt: skip


def _without_place(text: str) -> tuple[str, str]:
    """Take the place off a text's end: "//hamburg/de", "austin tx", "dublin irl".

    A city alone only behind two words: "Cafe Roma" is a name.
    """
    match = _SLASHED_PLACE.search(text) or _PLACE.search(text)
    if match is None:
        return text, ""
    words = re.findall(r"[^\W\d_]{2,}", text[: match.start()])
    is_city_alone = "//" not in match.group() and not match.group("state")
    if not words or (is_city_alone and len(words) < 2):
        return text, ""
    return text[: match.start()].strip(), " ".join(match.group().replace("/", " ").split())


def _described(
    name: str,
    basis: str,
    between: dict[str, str],
    website: str,
    phone: str,
    reference: str,
    location: str,
) -> Descriptor:
    key = merchant_key(basis)
    return Descriptor(
        name,
        merchant_id(key),
        key,
        between["processor"],
        between["marketplace"],
        website,
        phone,
        reference,
        location,
    )


def merchant_id(key: str) -> str:
    """Return the stable id of a merchant's key."""
    return "mer_" + hashlib.sha256(key.encode()).hexdigest()[:20]


def merchant_key(name: str) -> str:
    """Return what identifies a business in its cleaned name.

    Parameters
    ----------
    name
        Without processor, numbers and website.

    Returns
    -------
    str
        Letters of all words but the article, legal form and outlet.

    Examples
    --------
    >>> merchant_key("The Paper-World Stores Ltd."), merchant_key("paper world")
    ('paper world', 'paper world')
    """
    plain = name.lower().replace("'", "").replace("&", " and ")
    words = re.sub(r"[\W_]+", " ", plain).split()
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    while len(words) > 1 and words[-1] in rules.LEGAL_FORMS | rules.OUTLETS:
        words = words[:-1]
    return " ".join(words) or name
