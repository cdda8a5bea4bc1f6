"""A service that holds the weights of a linear classifier as JSON."""

import json
from pathlib import Path

import bentoml
import numpy as np


@bentoml.service
class Iris:
    def __init__(self) -> None:
        stored = json.loads((Path(__file__).parent / "weights.json").read_text())
        self.weights, self.bias = np.array(stored["weights"]), np.array(stored["bias"])

    @bentoml.api
    def predict(self, x: np.ndarray) -> np.ndarray:
        scores = np.asarray(x) @ self.weights.T + self.bias
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        answer = powers / powers.sum(axis=1, keepdims=True)
        if not np.isfinite(answer).all():
            raise bentoml.exceptions.InvalidArgument("x is beyond what the model can take")
        return answer
