"""A descriptor is taken apart by the rules, and every spelling of one business gets one id."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ForbiddenError
from ml.merchants import merchant, parse
from ml.merchants.cleaning import recognised
from ml.merchants.descriptors import take_apart

NAMES = st.from_regex(r"[a-z]{3,8}( [a-z]{4,9}){0,2}", fullmatch=True)


def apart(text: str) -> dict[str, str]:
    found = take_apart(text)
    parts = {
        "name": found.name, "processor": found.processor, "marketplace": found.marketplace,
        "website": found.website, "phone": found.phone, "reference": found.reference,
    }  # fmt: skip
    return {part: value for part, value in parts.items() if value}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SQ *BLUE BTL 8442", {"name": "Blue Btl", "processor": "Square", "reference": "8442"}),
        ("PAYPAL *TWINKL LTD", {"name": "Twinkl Ltd", "processor": "PayPal"}),
        ("APLPAY SUMUP  *CAFE ROMA", {"name": "Cafe Roma", "processor": "SumUp"}),
        ("SP  BOOKWORM", {"name": "Bookworm", "processor": "Shopify"}),
        ("SP Services", {"name": "Sp Services"}),
        ("PAYPAL", {"name": "Paypal"}),
        ("AMZN Mktp US*2X4Y9", {"name": "Amazon Marketplace", "website": "amazon.com"}),
        ("FACEBK *Q9M5Y5A9G2", {"name": "Facebook", "website": "facebook.com"}),
        ("ETSY.COM*WOOLSHOP", {"name": "Woolshop", "marketplace": "Etsy"}),
        ("ACME* PRO PLAN", {"name": "Acme", "reference": "pro plan"}),
        ("43036690 costa coffee", {"name": "Costa Coffee", "reference": "43036690"}),
        ("o2 uk", {"name": "O2 Uk"}),
        ("www.thesawcentre.co.uk", {"name": "Thesawcentre", "website": "thesawcentre.co.uk"}),
        ("waterstones.com order", {"name": "Waterstones", "website": "waterstones.com"}),
        ("info@taotech.co.uk", {"name": "Taotech", "website": "taotech.co.uk"}),
        (
            "wix.com 800-600-0949",
            {"name": "Wix", "website": "wix.com", "phone": "8006000949"},
        ),
    ],
)
def test_a_descriptor_is_taken_apart(text, expected):
    assert apart(text) == expected


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ORIG CO NAME:STRIPE ORIG ID:1800948 DESC DATE:260805 CO ENTRY DESCR:TRANSFER", "Stripe"),
        ("ORIG CO NAME:CONGRESS AVE OFFICES CO ENTRY DESCR:RENT SEC:PPD TRACE#:9269",
         "Congress Ave Offices"),
        ("WIRE TYPE:WIRE IN DATE:260713 TRN:749543 ORIG:COPPERLINE MUTUAL DET:INV NW-1",
         "Copperline Mutual"),
        ("WIRE TYPE:WIRE OUT DATE:260713 TRN:74 ORIG:US INC BNF:ACME TOOLS ID:99", "Acme Tools"),
        ("ACH CREDIT HARBOR & FINCH INC NW-202607-04", "Harbor & Finch Inc"),
        ("ZELLE PAYMENT TO ROSA DELGADO 11223344", "Rosa Delgado"),
        ("BILL.COM LLC BILLING PINE & PIXEL LLC INV 2026073", "Pine & Pixel Llc"),
        ("EREF+ST-459430707 KREF+NWTRACE20678EUR SVWZ+STRIPE ABWA+STRIPE PAYMENTS EUROPE LTD",
         "Stripe"),
        ("SEPA-UEBERWEISUNG K. LINDQVIST DESIGN SVWZ+RE 2026071", "K. Lindqvist Design"),
        ("SEPA-UEBERWEISUNG SVWZ+LOHN/GEHALT 07/2026 1. HAELFTE INES COSTA", "Ines Costa"),
        ("DAUERAUFTRAG MIETE 07/2026 BUEROHAUS SPEICHERSTADT SVWZ+MIETE BUERO 3.OG",
         "Buerohaus Speicherstadt"),
        ("FINANZAMT HAMBURG-MITTE SVWZ+STNR 48/712/217038 LOHNSTEUER", "Finanzamt Hamburg-Mitte"),
        ("SEPA Incasso algemeen doorlopend Naam: NOORDER VERZEKERINGEN Machtiging: NV 7",
         "Noorder Verzekeringen"),
        ("ALDGATE FREIGHT BV RECHNUNG NW-202607-02", "Aldgate Freight Bv"),
        ("Zahlung NW 202607 03 Société Lavandière SARL", "Société Lavandière Sarl"),
        ("REFUND SQ *BLUE BOTTLE COFF Austin US", "Blue Bottle Coffee"),
        ("INVOICE NINJA", "Invoice Ninja"),
        ("SVWZ+MIETE", "Svwz+Miete"),
    ],
)  # fmt: skip
def test_who_is_behind_a_transfer_is_read_out_of_a_banks_own_layout(text: str, name: str):
    assert recognised(take_apart(text)).name == name


@given(NAMES, st.integers(100, 9_999))
def test_case_blanks_outlet_number_and_processor_do_not_change_the_id(name, number):
    written = [
        name, name.upper(), f"  {name} ", f"{name} {number}", f"SQ *{name}",
        f"PAYPAL *{name.upper()}",
        f"{name} ltd", f"{name} stores {number}", f"Contactless purchase {name}",
    ]  # fmt: skip
    assert len({take_apart(text).merchant_id for text in written}) == 1


@given(st.text(max_size=60))
def test_any_text_gives_the_same_answer_twice_and_never_an_empty_name(text):
    found = take_apart(text)
    assert found == take_apart(text)
    assert bool(found.name) == bool(text.strip())
    assert found.merchant_id.startswith("mer_")


@given(st.lists(NAMES, min_size=2, max_size=6, unique=True))
def test_different_words_stay_different_businesses(names):
    plain = [name for name in names if not name.startswith("the ")]
    endings = ("ltd", "store", "stores", "branch", "corp", "inc", "plc", "limited", "limi")
    plain = [name for name in plain if name.split()[-1] not in endings]
    assert len({take_apart(name).key for name in plain}) == len(plain)


def test_rows_are_answered_in_order_and_codes_abstain():
    rows = pl.DataFrame(
        {
            "provider": "plaid",
            "merchant": ["615511", "Greggs 12", None, "paypal order", "SHELL 58712"],
        }
    )
    answers = merchant(rows)
    assert answers["value"].to_list() == ["615511", "Greggs", None, "Order", "Shell"]
    assert answers["abstained"].to_list() == [True, False, True, True, False]
    assert answers["evidence"][1] == "Read from 'Greggs 12'."
    assert answers["evidence"][4] == ("Read from 'SHELL 58712'; website shell.com; logo shell_com.")
    assert answers["facet"].unique().to_list() == ["merchant"]
    ids = parse(pl.Series(["Greggs 12", "GREGGS LTD"]))["merchant_id"]
    assert ids[0] == ids[1]


def test_xero_rows_are_refused():
    with pytest.raises(ForbiddenError):
        merchant(pl.DataFrame({"provider": ["xero"], "merchant": ["Greggs"]}))
