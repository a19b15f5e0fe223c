"""Is a taken port named with its holder and the setting that moves it?"""

import os
import socket
import sys
from pathlib import Path

import pytest

from local.ports import (
    LOOPBACK,
    FixedPort,
    PortTakenError,
    free_port,
    is_taken,
    require_free,
    usual_port,
)


def test_a_taken_port_names_its_holder_and_its_setting() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        taken = listener.getsockname()[1]
        ports = [
            FixedPort("API", "127.0.0.1", taken, "OPPULENCE_API_PORT"),
            FixedPort("Dagster", "127.0.0.1", free_port(), "OPPULENCE_DAGSTER_PORT"),
        ]
        with pytest.raises(PortTakenError) as refused:
            require_free(ports)
    name = Path(sys.executable).resolve().name
    assert refused.value.detail.startswith(f"Port {taken} (API) is taken by ")
    assert f"(process {os.getpid()})" in refused.value.detail, name
    assert "OPPULENCE_API_PORT=" in refused.value.next_step
    assert "DAGSTER" not in refused.value.next_step
    assert refused.value.exit_code == 75


def test_free_ports_pass() -> None:
    port = free_port()
    assert not is_taken("127.0.0.1", port)
    require_free([FixedPort("API", "127.0.0.1", port, "OPPULENCE_API_PORT")])


def test_a_folder_keeps_its_port_until_someone_else_listens_there(tmp_path: Path) -> None:
    usual = usual_port(tmp_path)
    assert 20_000 <= usual < 32_000
    assert usual_port(tmp_path) == usual
    with socket.socket() as other:
        other.bind((LOOPBACK, usual))
        other.listen()
        assert usual_port(tmp_path) != usual
    assert usual_port(tmp_path) == usual
