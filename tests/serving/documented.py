"""What does the API say of itself? Its OpenAPI document, made once: that takes seconds."""

from core.settings import Settings
from serving.app import create_app

APPLICATION = create_app(Settings())
DOCUMENT = APPLICATION.openapi()
