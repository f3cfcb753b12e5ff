"""A real PACS for tests: Debian's Orthanc with its DICOMweb plugin, on a free port of this machine."""

import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
HINT = "needs Orthanc and its DICOMweb plugin: apt-get install orthanc orthanc-dicomweb"


@contextmanager
def running_orthanc(folder, users=None):
    """The address of a server that keeps its files below `folder`; with `users` it wants a sign-in."""
    if not shutil.which("Orthanc") or not PLUGIN.exists():
        pytest.skip(HINT)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "Name": "test", "StorageDirectory": str(folder / "db"), "IndexDirectory": str(folder / "db"), "HttpPort": port,
        "DicomServerEnabled": False, "RemoteAccessAllowed": False, "AuthenticationEnabled": bool(users),
        "RegisteredUsers": users or {}, "Plugins": [str(PLUGIN)], "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }  # fmt: skip
    (folder / "db").mkdir()
    (folder / "orthanc.json").write_text(json.dumps(settings))
    with (folder / "orthanc.log").open("wb") as log:
        server = subprocess.Popen(["Orthanc", str(folder / "orthanc.json")], stdout=log, stderr=log)
    try:
        _wait(server, port, folder / "orthanc.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)


def store(address, data):
    """Put a DICOM file into the server; gives its id there."""
    request = urllib.request.Request(f"{address}/instances", data=data, method="POST")
    return json.load(urllib.request.urlopen(request))["ID"]


def remove(address, instance):
    urllib.request.urlopen(urllib.request.Request(f"{address}/instances/{instance}", method="DELETE"))


def _wait(server, port, log):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/system", timeout=2)
            return
        except urllib.error.HTTPError:  # 401: it is there
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"Orthanc did not start: {log.read_text()[-2000:]}")
