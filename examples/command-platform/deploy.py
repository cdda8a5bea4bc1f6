#!/usr/bin/env python3
"""A deployment script for `platform: command`: deploy, current and remove, here with a container of Docker.

Replace the four functions that call docker by what your machines need. Python's standard library only.
"""

import hashlib
import json
import os
import subprocess
import sys
import tarfile
import time
import urllib.request

SLOT = os.environ["MODELGATE_SLOT"]


def docker(*words: str) -> str:
    done = subprocess.run(["docker", *words], check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


def containers() -> list[dict]:
    """What runs in this slot, oldest first: the oldest serves until it is removed."""
    ids = docker("ps", "--quiet", "--no-trunc", "--filter", f"label=slot={SLOT}").split()
    found = json.loads(docker("inspect", *ids)) if ids else []
    return sorted(found, key=lambda container: container["Created"])


def url_of(container: dict) -> str:
    (published,) = container["NetworkSettings"]["Ports"][f"{container['Config']['Labels']['port']}/tcp"]
    return f"http://127.0.0.1:{published['HostPort']}"


def files_in(container: dict) -> list[dict]:
    """Path, size and digest of each file of the model, as they are in the container now."""
    words = ["docker", "cp", f"{container['Id']}:{container['Config']['Labels']['folder']}", "-"]
    found = []
    with subprocess.Popen(words, stdout=subprocess.PIPE) as copy:
        with tarfile.open(fileobj=copy.stdout, mode="r|") as archive:
            for entry in archive:
                if entry.isfile():
                    file, hashed = archive.extractfile(entry), hashlib.sha256()
                    while chunk := file.read(2**20):
                        hashed.update(chunk)
                    path = entry.name.split("/", 1)[1]
                    found.append({"path": path, "bytes": entry.size, "digest": f"sha256:{hashed.hexdigest()}"})
    return found


def current() -> None:
    running = containers()
    if not running:
        print("null")
        return
    labels = running[0]["Config"]["Labels"]
    # The engine's word counts, not the label: that only says which of the image's names is meant.
    names = json.loads(docker("image", "inspect", running[0]["Image"]))[0]["RepoDigests"]
    image = labels["image"] if labels["image"] in names else names[0]
    answer = {"image": image, "url": url_of(running[0]), "protocol": labels["protocol"], "files": files_in(running[0])}
    print(json.dumps(answer))


def is_ready(container: dict) -> bool:
    path = os.environ.get("MODELGATE_READY_PATH") or f"/v2/models/{os.environ['MODELGATE_MODEL']}/ready"
    try:
        return urllib.request.urlopen(url_of(container) + path, timeout=5).status == 200
    except OSError:
        return False


def deploy() -> None:
    """Starts the new release beside the old one, and takes the old one away once the new one is ready."""
    old = containers()
    port = os.environ["MODELGATE_PORT"]
    image = os.environ["MODELGATE_IMAGE"]
    labels = {"slot": SLOT, "image": image, "port": port, "protocol": os.environ["MODELGATE_PROTOCOL"]}
    labels["folder"] = os.environ["MODELGATE_MODEL_FOLDER"]
    words = [word for name, value in labels.items() for word in ("--label", f"{name}={value}")]
    docker("pull", "--quiet", image)
    new = docker("run", "--detach", "--publish", f"127.0.0.1::{port}", *words, image)
    while True:
        (container,) = json.loads(docker("inspect", new))
        if not container["State"]["Running"]:
            subprocess.run(["docker", "logs", "--tail", "10", new], stdout=sys.stderr)
            docker("rm", "--force", new)
            sys.exit(f"the container ended with exit code {container['State']['ExitCode']}")
        if is_ready(container):
            break
        time.sleep(0.2)
    for container in old:
        docker("rm", "--force", container["Id"])


def remove() -> None:
    for container in containers():
        docker("rm", "--force", container["Id"])


if __name__ == "__main__":
    {"deploy": deploy, "current": current, "remove": remove}[sys.argv[1]]()
