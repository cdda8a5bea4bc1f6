"""Two samples, tables of counts, sequential tests and drift, by scipy."""

import math

import numpy as np
from scipy import special, stats
from scipy.spatial import distance


def two_sample(case):
    x, y = np.array(case["x"], dtype=float), np.array(case["y"], dtype=float)
    ks = stats.ks_2samp(x, y, method="exact")
    ranks = stats.mannwhitneyu(x, y, method="asymptotic")
    expected = {
        "ks_D": ks.statistic,
        "ks_p_exact": ks.pvalue,
        "ks_p_limit": special.kolmogorov(math.sqrt(len(x) * len(y) / (len(x) + len(y))) * ks.statistic),
        "mwu_U": ranks.statistic,
        "mwu_p": ranks.pvalue,
        "cles": ranks.statistic / (len(x) * len(y)),
        "hodges_lehmann": np.median(np.subtract.outer(x, y)),
        "wasserstein": stats.wasserstein_distance(x, y),
    }
    if len(np.unique(np.concatenate([x, y]))) == len(x) + len(y) and min(len(x), len(y)) <= 8:
        expected["mwu_p_exact"] = stats.mannwhitneyu(x, y, method="exact").pvalue
    if min(len(x), len(y)) > 1:
        # Moved to zero first: scipy's means of values around 1e6 would lose the digits that are compared.
        welch = stats.ttest_ind(x - x[0], y - x[0], equal_var=False)
        expected |= {"welch_t": welch.statistic, "welch_df": welch.df, "welch_p": welch.pvalue}
    return expected


def contingency(case):
    table = np.array(case["table"])
    chi2, p, df, expected_counts = stats.chi2_contingency(table, correction=False)
    expected = {"chi2": chi2, "df": int(df), "p": p, "min_expected": expected_counts.min()}
    expected["cramers_v"] = stats.contingency.association(table, method="cramer")
    if table.shape == (2, 2):
        yates = stats.chi2_contingency(table, correction=True)
        expected |= {"chi2_yates": yates[0], "p_yates": yates[1], "fisher_p": stats.fisher_exact(table).pvalue}
    return expected


def e_value(case):
    s, f, p0 = case["successes"], case["failures"], case["p0"]
    # I_p0(1 + s, 1 + f) as a sum of logarithms: after a long good past it is too small for a number.
    tail = special.logsumexp(stats.binom.logpmf(np.arange(s + 1, s + f + 2), s + f + 1, p0))
    share = tail - math.log(p0)
    return {"log_e": special.betaln(1 + s, 1 + f) + share - s * math.log(p0) - f * math.log1p(-p0)}


def shiryaev_roberts(case):
    ratios = np.where(np.array(case["x"]) == 1, case["q"] / case["p0"], (1 - case["q"]) / (1 - case["p0"]))
    # The sum over all starts of the likelihood of what came since.
    return {"M": [sum(np.prod(ratios[start : end + 1]) for start in range(end + 1)) for end in range(len(ratios))]}


def psi(p, q):
    return np.sum((q - p) * np.log(q / p))


def smoothed(counts):
    return (counts + 0.5) / (counts + 0.5).sum()


def distances(reference, current):
    p, q = reference / reference.sum(), current / current.sum()
    return {
        "psi": psi(smoothed(reference), smoothed(current)),
        "js_distance": distance.jensenshannon(p, q, base=2),
        "hellinger": np.linalg.norm(np.sqrt(p) - np.sqrt(q)) / math.sqrt(2),
        "linf": distance.chebyshev(p, q),
        "tvd": distance.cityblock(p, q) / 2,
    }


def drift_numeric(case):
    x, y = np.array(case["reference"], dtype=float), np.array(case["current"], dtype=float)
    edges = np.unique(np.quantile(x, np.arange(1, 10) / 10))
    counts = lambda values: np.bincount(np.searchsorted(edges, values, side="left"), minlength=len(edges) + 1)
    area = stats.wasserstein_distance(x, y)
    critical = (1 / len(x) + 1 / len(y)) * stats.chi2.ppf(0.999, len(edges))
    return distances(counts(x), counts(y)) | {
        "edges": edges,
        "ref_counts": counts(x),
        "cur_counts": counts(y),
        "psi_critical_0_001": critical,
        "wasserstein": area,
        "wasserstein_norm": area / x.std() if np.ptp(x) > 0 else {"undefined": "zero_spread"},
        "ks_D": stats.ks_2samp(x, y).statistic,
    }


def drift_categorical(case):
    reference, current = np.array(case["ref_counts"]), np.array(case["cur_counts"])
    p, q = reference / reference.sum(), current / current.sum()
    used = np.array([reference, current])[:, reference + current > 0]
    chi2, chi2_p, *_ = stats.chi2_contingency(used, correction=False)
    return distances(reference, current) | {
        "psi_epsilon": psi(np.where(p == 0, 1e-4, p), np.where(q == 0, 1e-4, q)),
        "js_distance_nat": distance.jensenshannon(p, q),
        "chi2": chi2,
        "chi2_p": chi2_p,
        "unseen_share": current[reference == 0].sum() / current.sum(),
    }


KINDS = {
    "two_sample": two_sample,
    "contingency": contingency,
    "e_value": e_value,
    "shiryaev_roberts": shiryaev_roberts,
    "drift_numeric": drift_numeric,
    "drift_categorical": drift_categorical,
}
