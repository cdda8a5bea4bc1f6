"""Trains one classifier on iris and saves it for a server, with rows it has not seen.

Usage: train.py FOLDER sklearn|mlflow|bento|kserve|litserve|onnx
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import train_test_split


def save_weights(model, folder: Path) -> None:
    weights = {"weights": model.coef_.tolist(), "bias": model.intercept_.tolist()}
    (folder / "weights.json").write_text(json.dumps(weights))


def save_sklearn(model, seen, folder: Path) -> None:
    import joblib

    folder.mkdir()
    joblib.dump(model, folder / "model.joblib")


def save_mlflow(model, seen, folder: Path) -> None:
    import mlflow.sklearn
    import numpy as np
    from mlflow.models import ModelSignature
    from mlflow.types import Schema, TensorSpec

    # By itself MLflow writes down what predict gives, whatever pyfunc_predict_fn says. MLServer answers with output-1, and says
    # in its metadata what the signature calls it.
    real = np.dtype("float64")
    signature = ModelSignature(
        Schema([TensorSpec(real, (-1, seen.shape[1]))]),
        Schema([TensorSpec(real, (-1, 3), "output-1")]),
    )
    mlflow.sklearn.save_model(model, folder, pyfunc_predict_fn="predict_proba", signature=signature)


def save_bento(model, seen, folder: Path) -> None:
    source = folder.parent / "source"
    shutil.copytree(Path(__file__).parent / "bento", source)
    save_weights(model, source)
    store = folder.parent / "store"
    bentoml = Path(sys.executable).parent / "bentoml"
    subprocess.run(
        [bentoml, "build", "--version", "1", source],
        check=True,
        env={**os.environ, "BENTOML_HOME": str(store), "BENTOML_DO_NOT_TRACK": "True"},
    )
    shutil.copytree(store / "bentos" / "iris" / "1", folder)


def save_onnx(model, seen, folder: Path) -> None:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    nodes = [
        helper.make_node("Gemm", ["x", "weights", "bias"], ["scores"], transB=1),
        helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1),
    ]
    values = [numpy_helper.from_array(model.coef_, "weights"), numpy_helper.from_array(model.intercept_, "bias")]
    inputs = [helper.make_tensor_value_info("x", TensorProto.DOUBLE, ["rows", 4])]
    outputs = [helper.make_tensor_value_info("probabilities", TensorProto.DOUBLE, ["rows", 3])]
    graph = helper.make_graph(nodes, "iris", inputs, outputs, values)
    folder.mkdir()
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), folder / "model.onnx")


def save_server(model, seen, folder: Path) -> None:
    shutil.copytree(Path(__file__).parent / folder.name, folder)
    save_weights(model, folder)


folder, kind = Path(sys.argv[1]), sys.argv[2]
rows, labels = load_iris(return_X_y=True)
seen, unseen, known, wanted = train_test_split(rows, labels, test_size=0.4, random_state=7)
model = LogisticRegression(C=0.05, max_iter=1000).fit(seen, known)
saves = {
    "sklearn": save_sklearn,
    "mlflow": save_mlflow,
    "bento": save_bento,
    "kserve": save_server,
    "litserve": save_server,
    "onnx": save_onnx,
}
saves[kind](model, seen, folder / kind)
probabilities = model.predict_proba(unseen)
held = {
    "rows": unseen.tolist(),
    "labels": wanted.tolist(),
    "accuracy": accuracy_score(wanted, probabilities.argmax(axis=1)),
    "log_loss": log_loss(wanted, probabilities),
}
(folder / "rows.json").write_text(json.dumps(held))
