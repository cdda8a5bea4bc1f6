"""A model of KServe's that holds the weights of a linear classifier as JSON, behind both of its protocols.

Usage: server.py NAME PORT [grpc]
"""

import json
import sys
from pathlib import Path

import kserve
import numpy as np
from kserve import InferRequest, InferResponse
from kserve.errors import InvalidInput
from kserve.utils.utils import get_predict_response


class Iris(kserve.Model):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        stored = json.loads((Path(__file__).parent / "weights.json").read_text())
        self.weights, self.bias = np.array(stored["weights"]), np.array(stored["bias"])
        self.ready = True

    def get_input_types(self) -> list[dict]:
        return [{"name": "x", "datatype": "FP64", "shape": [-1, 4]}]

    def get_output_types(self) -> list[dict]:
        return [{"name": "output-0", "datatype": "FP64", "shape": [-1, 3]}]

    def predict(self, payload, headers=None, response_headers=None) -> dict | InferResponse:
        try:
            rows = payload.inputs[0].as_numpy() if isinstance(payload, InferRequest) else payload["instances"]
            scores = np.asarray(rows, dtype=float) @ self.weights.T + self.bias
            powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise InvalidInput(str(error)) from error
        answer = powers / powers.sum(axis=1, keepdims=True)
        if not np.isfinite(answer).all():
            raise InvalidInput("x is beyond what the model can take")
        return get_predict_response(payload, answer, self.name)


name, port = sys.argv[1], int(sys.argv[2])
# With grpc that is what the port speaks, and REST takes any other.
ports = {"http_port": 0, "grpc_port": port} if "grpc" in sys.argv[3:] else {"http_port": port, "enable_grpc": False}
kserve.ModelServer(**ports).start([Iris(name)])
