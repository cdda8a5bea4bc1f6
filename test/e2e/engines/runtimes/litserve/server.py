"""A server that speaks no protocol but its own: LitServe, with the weights of a linear classifier as JSON.

Usage: server.py NAME PORT
"""

import json
import sys
from pathlib import Path

import litserve
import numpy as np
from fastapi import HTTPException


class Iris(litserve.LitAPI):
    def setup(self, device) -> None:
        stored = json.loads((Path(__file__).parent / "weights.json").read_text())
        self.weights, self.bias = np.array(stored["weights"]), np.array(stored["bias"])

    def decode_request(self, request):
        try:
            rows = np.asarray(request["flowers"]["rows"], dtype=float)
        except (KeyError, TypeError, ValueError) as error:
            raise HTTPException(400, str(error)) from error
        if rows.ndim != 2 or rows.shape[1] != self.weights.shape[1]:
            raise HTTPException(400, f"the rows have the shape {rows.shape}")
        return rows

    def predict(self, rows):
        scores = rows @ self.weights.T + self.bias
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        answer = powers / powers.sum(axis=1, keepdims=True)
        if not np.isfinite(answer).all():
            raise HTTPException(400, "the rows are beyond what the model can take")
        return answer

    def encode_response(self, answer):
        return {"answers": [{"probabilities": answer.tolist()}]}


if __name__ == "__main__":
    server = litserve.LitServer(Iris(), accelerator="cpu", workers_per_device=1)
    server.run(host="127.0.0.1", port=int(sys.argv[2]), generate_client_file=False, num_api_servers=1)
