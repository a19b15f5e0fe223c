"""A language model's endpoint as OpenAI's chat completions are, with answers that are known.

Its address is `<the sandbox>/language_model/v1`. It has one model and one key.
"""

API_KEY = "sk-sandbox-language-model"
MODEL = "sandbox-writer"
EXTRA = "Thank you for looking at it."
