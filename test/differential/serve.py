"""Answers cases from the reference libraries: a line of JSON in, a line of JSON out. README.md has the protocol."""

import importlib.util
import json
import math
import sys
import warnings
from pathlib import Path

import numpy


class Undefined(Exception):
    """A value that does not exist by our definition; the message is the reason."""


# Kernels import this file by its name although it runs as a script.
sys.modules["serve"] = sys.modules[__name__]


def load_kernels(folder):
    """Every kind of every kernel file of the folder. Two of one name are a mistake."""
    kinds = {}
    for path in sorted(folder.glob("*.py")):
        if path.name == Path(__file__).name:
            continue
        spec = importlib.util.spec_from_file_location(f"kernel_{path.stem}", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        twice = kinds.keys() & module.KINDS.keys()
        if twice:
            raise SystemExit(f"{path.name}: {', '.join(sorted(twice))} is a kind of another file too")
        kinds.update(module.KINDS)
    return kinds


def plain(value):
    """The value as JSON can say it."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, numpy.ndarray):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if isinstance(value, numpy.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def answer(kinds, line):
    try:
        case = json.loads(line)
        return {"expected": plain(kinds[case["kind"]](case["input"]))}
    except Undefined as reason:
        return {"expected": {"undefined": str(reason)}}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def main():
    # The folder of this file must not shadow modules of the libraries.
    sys.path.pop(0)
    warnings.simplefilter("ignore")
    kinds = load_kernels(Path(__file__).parent)
    if sys.argv[1:] == ["--kinds"]:
        print(json.dumps(sorted(kinds)))
        return
    for line in sys.stdin:
        print(json.dumps(answer(kinds, line)), flush=True)


if __name__ == "__main__":
    main()
