"""The message that tests of the editor, its versions and previews are about."""

from recovery.messages.templates import Purpose, Tone, library
from recovery.payer.wording import words_of

NAMED = {"purpose": "reminder", "language": "en", "tone": "neutral"}
PATH = "/templates/reminder/en/neutral"
WORDS = words_of(library(Purpose.REMINDER, "en", Tone.NEUTRAL))
