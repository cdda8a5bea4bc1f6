"""Trains one classifier on iris and saves it for a server, with rows it has not seen.

Usage: train.py FOLDER sklearn|mlflow|bento
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


def save_sklearn(model, seen, folder: Path) -> None:
    import joblib

    folder.mkdir()
    joblib.dump(model, folder / "model.joblib")


def save_mlflow(model, seen, folder: Path) -> None:
    import mlflow.sklearn

    mlflow.sklearn.save_model(model, folder, pyfunc_predict_fn="predict_proba", input_example=seen[:1])


def save_bento(model, seen, folder: Path) -> None:
    source = folder.parent / "source"
    shutil.copytree(Path(__file__).parent / "bento", source)
    weights = {"weights": model.coef_.tolist(), "bias": model.intercept_.tolist()}
    (source / "weights.json").write_text(json.dumps(weights))
    store = folder.parent / "store"
    bentoml = Path(sys.executable).parent / "bentoml"
    subprocess.run(
        [bentoml, "build", "--version", "1", source],
        check=True,
        env={**os.environ, "BENTOML_HOME": str(store), "BENTOML_DO_NOT_TRACK": "True"},
    )
    shutil.copytree(store / "bentos" / "iris" / "1", folder)


folder, kind = Path(sys.argv[1]), sys.argv[2]
rows, labels = load_iris(return_X_y=True)
seen, unseen, known, wanted = train_test_split(rows, labels, test_size=0.4, random_state=7)
model = LogisticRegression(C=0.05, max_iter=1000).fit(seen, known)
{"sklearn": save_sklearn, "mlflow": save_mlflow, "bento": save_bento}[kind](model, seen, folder / kind)
probabilities = model.predict_proba(unseen)
held = {
    "rows": unseen.tolist(),
    "labels": wanted.tolist(),
    "accuracy": accuracy_score(wanted, probabilities.argmax(axis=1)),
    "log_loss": log_loss(wanted, probabilities),
}
(folder / "rows.json").write_text(json.dumps(held))
