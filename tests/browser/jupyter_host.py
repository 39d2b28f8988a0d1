"""A Jupyter server as a reader starts it, with a folder and settings of its own."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

CLASSES = {"jupyterlab": "LabApp", "notebook": "JupyterNotebookApp"}


@contextmanager
def serve(front_end, folder):
    """Start JupyterLab or Jupyter Notebook; return its address and the folder of its notebooks."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    places = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "HOME")
    own = {name: str(folder / name.lower()) for name in places}
    settings = folder / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
    (folder / "work").mkdir()
    command = [sys.executable, "-m", front_end, "--no-browser", "--allow-root"]
    command += [f"--port={port}", "--IdentityProvider.token=", "--expose-app-in-browser"]
    command += [f"--ServerApp.root_dir={folder / 'work'}"]
    command += [f"--{CLASSES[front_end]}.workspaces_dir={folder / 'workspaces'}"]
    command += [f"--{CLASSES[front_end]}.user_settings_dir={folder / 'settings'}"]
    address = f"http://127.0.0.1:{port}"
    with open(folder / "log", "wb") as log:
        server = subprocess.Popen(command, env=os.environ | own, stdout=log, stderr=log)
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{address}/api", timeout=2).close()
            break
        except OSError:
            assert server.poll() is None, (folder / "log").read_text(errors="replace")
            time.sleep(0.2)
    try:
        yield address, folder / "work"
    finally:
        server.terminate()
        server.wait(60)
