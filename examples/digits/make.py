"""Makes the models and data of this example from scikit-learn's bundled handwritten digits.

    python3 -m venv .venv && .venv/bin/pip install scikit-learn==1.9.1 onnx==1.23.2
    .venv/bin/python make.py

Data: "Optical Recognition of Handwritten Digits", E. Alpaydin and C. Kaynak, UCI Machine Learning Repository
(https://doi.org/10.24432/C50P49), CC BY 4.0; the copy is the one scikit-learn bundles (1,797 pictures of 8 x 8 pixels,
0 to 16). The split is by row order: the first rows train, the last 800 are held out and never seen in training.
"""

import csv
import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

HERE = Path(__file__).parent
HELD_OUT = 800


def onnx_model(layers: list[tuple[np.ndarray, np.ndarray]], name: str) -> onnx.ModelProto:
    """A chain of Gemm + Relu that ends in Softmax: float32[batch,64] image -> float32[batch,10] probabilities."""
    nodes, weights, value = [], [], "image"
    for index, (weight, bias) in enumerate(layers):
        last = index == len(layers) - 1
        weights += [
            numpy_helper.from_array(weight.astype(np.float32), f"weight_{index}"),
            numpy_helper.from_array(bias.astype(np.float32), f"bias_{index}"),
        ]
        nodes.append(helper.make_node("Gemm", [value, f"weight_{index}", f"bias_{index}"], [f"sum_{index}"]))
        value = "probabilities" if last else f"active_{index}"
        nodes.append(helper.make_node("Softmax" if last else "Relu", [f"sum_{index}"], [value], **({"axis": 1} if last else {})))
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 64])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 10])],
        weights,
    )
    model = helper.make_model(graph, producer_name="modelgate-example", opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model, full_check=True)
    return model


def main() -> None:
    pictures, labels = load_digits(return_X_y=True)
    train, test = slice(0, len(labels) - HELD_OUT), slice(len(labels) - HELD_OUT, None)

    champion = LogisticRegression(C=0.0005, max_iter=2000).fit(pictures[train], labels[train])
    better = MLPClassifier((48,), alpha=1.0, max_iter=600, random_state=7).fit(pictures[train], labels[train])
    worse = LogisticRegression(C=0.0005, max_iter=2000).fit(pictures[:120], labels[:120])

    as_layers = {
        "champion": [(champion.coef_.T, champion.intercept_)],
        "better": list(zip(better.coefs_, better.intercepts_)),
        "worse": [(worse.coef_.T, worse.intercept_)],
    }
    for name, layers in as_layers.items():
        path = HERE / "candidates" / f"{name}.onnx"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(onnx_model(layers, f"digits-{name}").SerializeToString(deterministic=True))
    for name, model in {"champion": champion, "better": better, "worse": worse}.items():
        print(f"{name}: accuracy {model.score(pictures[test], labels[test]):.4f} on {HELD_OUT} held-out rows")

    ink = pictures.sum(axis=1)
    middle = np.median(ink[train])
    (HERE / "data").mkdir(exist_ok=True)
    with open(HERE / "data" / "holdout.csv", "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["id", *(f"pixel_{i:02d}" for i in range(64)), "stroke", "digit"])
        for row in range(test.start, len(labels)):
            out.writerow([row, *pictures[row].astype(int), "thick" if ink[row] > middle else "thin", labels[row]])

    # Golden requests: one easy training picture of each of five digits; every model of this example must know them.
    sure = champion.predict_proba(pictures[train]).max(axis=1) * (champion.predict(pictures[train]) == labels[train])
    sure *= better.predict(pictures[train]) == labels[train]
    sure *= worse.predict(pictures[train]) == labels[train]
    (HERE / "tests").mkdir(exist_ok=True)
    with open(HERE / "tests" / "golden.jsonl", "w") as file:
        for digit in range(0, 10, 2):
            row = max((r for r in range(len(labels) - HELD_OUT) if labels[r] == digit), key=lambda r: sure[r])
            golden = {"id": f"digit-{digit}", "inputs": {"image": [pictures[row].astype(int).tolist()]}, "expect": {"label": str(digit)}}
            file.write(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
