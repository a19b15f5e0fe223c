"""Settings are read once, frozen, and say what is wrong with them."""

import pytest
from pydantic import ValidationError

from core.errors import ConfigurationError
from core.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def fresh():
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()


def test_a_child_process_sees_the_same_settings(monkeypatch, tmp_path):
    settings = Settings(
        data_dir=tmp_path,
        clickhouse_url="http://u:p@127.0.0.1:1",
        stripe_api_key="sk_test_1",
        api_port=8001,
    )
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    assert load_settings() == settings


def test_settings_are_frozen():
    with pytest.raises(ValidationError):
        Settings().api_port = 1


def test_a_wrong_value_is_named_without_being_shown(monkeypatch):
    monkeypatch.setenv("OPPULENCE_API_PORT", "sk_live_secret")
    with pytest.raises(ConfigurationError, match="API_PORT") as error:
        load_settings()
    assert "sk_live_secret" not in error.value.detail


def test_a_missing_engine_names_its_variable(monkeypatch):
    monkeypatch.delenv("OPPULENCE_CLICKHOUSE_URL", raising=False)
    with pytest.raises(ConfigurationError) as error:
        Settings().required("clickhouse_url")
    assert "OPPULENCE_CLICKHOUSE_URL" in error.value.next_step


def test_secrets_stay_out_of_the_repr():
    assert "hunter2" not in repr(Settings(database_url="postgresql://a:hunter2@h/d"))
