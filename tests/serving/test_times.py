"""Which texts are moments and days to the API? RFC 3339's, and nothing that merely looks alike."""

from datetime import UTC, date, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from serving.times import Day, Moment

MOMENT, DAY = TypeAdapter(Moment), TypeAdapter(Day)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-02-29", datetime(2024, 2, 29, tzinfo=UTC)),
        ("2024-01-01T12:30:00Z", datetime(2024, 1, 1, 12, 30, tzinfo=UTC)),
        ("2024-01-01t12:30:00.25z", datetime(2024, 1, 1, 12, 30, 0, 250_000, tzinfo=UTC)),
        ("2024-01-01T12:30+02:00", datetime(2024, 1, 1, 10, 30, tzinfo=UTC)),
        ("2024-01-01 12:30:00", datetime(2024, 1, 1, 12, 30, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_in_utc(text, moment):
    assert MOMENT.validate_python(text) == moment


@pytest.mark.parametrize(
    "value",
    [
        "", "0", "1700000000", 0, 1700000000, 1.5, True, "2024", "2024-W01-1", "20240101",
        "2023-02-29", "2024-01-01T25:00:00Z", "1899-12-31", "2262-01-01", "0001-01-01T00:00+23:59",
        "2024-01-01\n", "٢٠٢٤-٠١-٠١", "2024-01-01T00:00:00Z;drop", "9" * 10_000,
    ],
)  # fmt: skip
def test_what_is_no_moment_is_refused(value):
    with pytest.raises(ValidationError):
        MOMENT.validate_python(value)


@pytest.mark.parametrize(
    "value",
    ["", "0", 0, "19000", "2024-W01-1", "2023-02-29", "1969-12-31", "2149-06-07", "2024-01-01T00"],
)
def test_what_is_no_day_is_refused(value):
    with pytest.raises(ValidationError):
        DAY.validate_python(value)


def test_a_day_is_read():
    assert DAY.validate_python("2024-02-29") == date(2024, 2, 29)
