"""Does the server answer nobody but this machine, by its own names, and no other site's page?"""

import http.client
import socket
import tomllib

import pytest

from tests.browser.server import ROOT, Server


def open_socket(port: int, host: str, origin: str) -> int:
    """The status with which the server answers a browser that opens a WebSocket."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {
        "Host": host,
        "Origin": origin,
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    connection.request("GET", "/_stcore/stream", headers=headers)
    status = connection.getresponse().status
    connection.close()
    return status


def test_the_settings_are_those_of_the_notes_on_security() -> None:
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    server = settings["server"]
    assert server["address"] == "127.0.0.1"
    assert set(server["allowedHosts"]) == {"localhost", "127.0.0.1"}
    assert server["maxUploadSize"] == 20
    assert server["enableXsrfProtection"]
    assert server["enableCORS"]
    assert not settings["browser"]["gatherUsageStats"]
    assert settings["client"]["showErrorDetails"] == "none"


def test_only_this_machine_reaches_the_server(server: Server) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        if probe.connect_ex(("192.0.2.1", 9)):  # sends nothing; tells the address that others would use
            pytest.skip("this machine is in no network")
        address = probe.getsockname()[0]
    with pytest.raises(OSError, match=r"refused|timed out"):
        socket.create_connection((address, server.port), timeout=5).close()


def test_other_names_and_other_sites_are_turned_away(server: Server) -> None:
    own = f"127.0.0.1:{server.port}"
    assert open_socket(server.port, own, f"http://{own}") == 101
    assert open_socket(server.port, f"localhost:{server.port}", f"http://localhost:{server.port}") == 101
    assert open_socket(server.port, f"evil.example:{server.port}", f"http://evil.example:{server.port}") == 403
    assert open_socket(server.port, own, "http://evil.example") == 403


def test_an_upload_without_the_servers_token_is_refused(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("PUT", "/_stcore/upload_file/session/file", body=b"x")
    assert connection.getresponse().status == 403
    connection.close()
