"""Sample sizes, order statistics and tolerances, by scipy, statsmodels and numpy."""

import math

import numpy as np
from scipy import stats
from statsmodels.stats.proportion import samplesize_confint_proportion


def power(case):
    """Least n of the textbook condition, found by walking instead of by solving."""
    if case["kind"] == "half_width":
        alpha = 1 - case["confidence"]
        return {"n": math.ceil(samplesize_confint_proportion(case["p"], case["half_width"], alpha))}
    z = stats.norm.ppf
    reached = {
        "noninferior_binary": lambda n: (case["true_diff"] + case["margin"])
        / math.sqrt((case["discordant"] - case["true_diff"] ** 2) / n),
        "noninferior_mean": lambda n: (case["true_diff"] + case["margin"]) / (case["sd_diff"] / math.sqrt(n)),
    }
    if case["kind"] in reached:
        enough = lambda n: reached[case["kind"]](n) >= z(1 - case["alpha"]) + z(case["power"])
    else:
        sd = lambda p: math.sqrt(p * (1 - p))
        need = z(1 - case["alpha"]) * sd(case["p0"]) + z(case["power"]) * sd(case["p1"])
        enough = lambda n: abs(case["p1"] - case["p0"]) * math.sqrt(n) >= need
    high = 1
    while not enough(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return {"n": high}


def percentiles(case):
    at = lambda p: np.quantile(case["x"], p / 100, method="inverted_cdf")
    return {f"p{p}": at(p) for p in (50, 90, 95, 99)}


def early_stop(case):
    over, late = case["over"], 1 - case["p"]
    under = 0
    while not stats.binom.cdf(over, over + under, late) < (1 - case["confidence"]) * (1 - 1e-12):
        under += 1
    return {"min_under": under}


def allclose(case):
    actual, expected = np.array(case["actual"], dtype=float), np.array(case["expected"], dtype=float)
    keywords = {"rtol": case["rtol"], "atol": case["atol"], "equal_nan": case["equal_nan"]}
    return bool(actual.shape == expected.shape and np.allclose(actual, expected, **keywords))


KINDS = {"power": power, "percentiles": percentiles, "early_stop": early_stop, "allclose": allclose}
