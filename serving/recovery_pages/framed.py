"""How is an email shown inside a page? As a document of its own, in a frame without rights."""

from fastapi.responses import HTMLResponse

from serving.web.pages import HEADERS

# A message's own inline styles, the brand's logo, nothing else.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src {images}; sandbox;"
    " frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)
# What the page around it may do besides.
MAY_FRAME = "; frame-src 'self'"


def framed(html: str, logo_url: str) -> HTMLResponse:
    """Return an email as the document of a frame; its one picture is the brand's logo."""
    images = logo_url.replace(";", "%3B").replace(",", "%2C") or "'none'"
    policy = _POLICY.format(images=images)
    headers = {**HEADERS, "Content-Security-Policy": policy, "X-Frame-Options": "SAMEORIGIN"}
    return HTMLResponse(html, headers=headers)
