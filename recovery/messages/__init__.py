"""What does a payer read? Templates with typed variables, in a language and tone, as HTML and text.

    library/*.toml  every purpose in four tones and four languages
    templates       a template as data; `library` finds one by purpose, language and tone
    facts           what a template may name, with its type; formatted for the reader by Babel
    rendering       template + facts + brand → subject, MJML → HTML, and the same as plain text

Rendering is pure: nothing is sent here.
"""
