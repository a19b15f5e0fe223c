"""Teller, simulated: the company's two banks in the United States, an enrollment at each.

`ACCESS_TOKENS` open enrollments that are there from the start. Further tokens of the form
`test_token_<anything>` open the first bank anew under ids of their own, as many as are asked for.
"""

APPLICATION_ID = "app_northwind"
# Bank to the token of its enrollment.
ACCESS_TOKENS = {
    "Cascade National Bank": "test_token_cascade",
    "Prairie Credit Union": "test_token_prairie",
}
