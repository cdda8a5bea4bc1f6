"""Bounds, tests and special functions, by scipy and statsmodels."""

import hashlib
import math

import numpy as np
import statsmodels.api as sm
from scipy import optimize, special, stats
from scipy.stats import _resampling
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

FUNCTIONS = {
    "normal_cdf": stats.norm.cdf,
    "normal_sf": stats.norm.sf,
    "normal_quantile": special.ndtri,
    "t_cdf": lambda x, df: stats.t.cdf(x, df),
    "t_quantile": lambda p, df: stats.t.ppf(p, df),
    "chi2_sf": stats.chi2.sf,
    "chi2_quantile": stats.chi2.ppf,
    "betainc": special.betainc,
    "beta_quantile": stats.beta.ppf,
    "binomial_cdf": stats.binom.cdf,
    "lgamma": special.gammaln,
    "kolmogorov_sf": special.kolmogorov,
}


def special_function(case):
    return float(FUNCTIONS[case["fn"]](*case["args"]))


def proportion(case):
    k, n, c = case["k"], case["n"], case["confidence"]
    interval = lambda method, level: list(map(float, proportion_confint(k, n, 1 - level, method)))
    return {
        "wilson": interval("wilson", c),
        "clopper_pearson": interval("beta", c),
        "clopper_pearson_one_sided": interval("beta", 2 * c - 1),
    }


def mean(case):
    x, c = np.array(case["x"]), case["confidence"]
    t = lambda level: list(stats.t.interval(level, len(x) - 1, x.mean(), stats.sem(x)))
    keywords = {"groups": np.array(case["clusters"]), "use_correction": False}
    clustered = sm.OLS(x, np.ones(len(x))).fit(cov_type="cluster", cov_kwds=keywords)
    return {"t": t(c), "t_one_sided": t(2 * c - 1), "se": stats.sem(x), "clustered_se": clustered.bse[0]}


def quantile_rank(case):
    n, p, c = case["n"], case["p"], case["confidence"]
    # The value of rank r is above the p-quantile when at most r - 1 values lie under it.
    below = stats.binom.cdf(np.arange(n), n, p)
    upper = [r for r in range(1, n + 1) if below[r - 1] >= c - 1e-12]
    lower = [r for r in range(1, n + 1) if stats.binom.sf(r - 1, n, p) >= c - 1e-12]
    return {"upper_rank": upper[0] if upper else None, "lower_rank": lower[-1] if lower else None}


def constrained(b, c, n, d):
    """Largest share of 'only the champion is right' that is likeliest when the difference is d (Tango 1998)."""
    roots = np.roots([2 * n, (2 * n - b + c) * d - b - c, -c * d * (1 - d)])
    return max(root.real for root in roots)


def tango_z(b, c, n, d):
    distance = b - c - n * d
    if distance == 0:
        return 0.0
    variance = n * (2 * constrained(b, c, n, d) + d * (1 - d))
    return distance / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, distance)


def tango(b, c, n, z):
    """Where the score is z below the estimate, and -z above it."""
    estimate = (b - c) / n
    root = lambda low, high, target: (
        optimize.brentq(lambda d: np.clip(tango_z(b, c, n, d) - target, -1e9, 1e9), low, high, xtol=1e-14)
        if low < high
        else low
    )
    return [root(-1 + 1e-13, estimate, z), root(estimate, 1 - 1e-13, -z)]


def paired_binary(case):
    b, c, n = case["only_candidate_right"], case["only_champion_right"], case["n"]
    table = [[n - b - c, b], [c, 0]]
    exact = mcnemar(table, exact=True).pvalue if b + c else 1.0
    here = stats.binom.pmf(min(b, c), b + c, 0.5)
    plain = mcnemar(table, exact=False, correction=False) if b + c else None
    yates = (abs(b - c) - 1) ** 2 / (b + c) if b + c else None
    greater = stats.binom.sf(b - 1, b + c, 0.5)
    z = stats.norm.ppf(0.975)
    spread = z * math.sqrt(b + c - (b - c) ** 2 / n) / n
    return {
        "exact": exact,
        "midp": 1.0 if b + c == 0 else 1 - here / 2 if b == c else exact - here,
        "chi2": plain and plain.statistic,
        "chi2_p": plain and plain.pvalue,
        "chi2cc": yates,
        "chi2cc_p": None if yates is None else stats.chi2.sf(yates, 1),
        "exact_greater": greater,
        "midp_greater": greater - stats.binom.pmf(b, b + c, 0.5) / 2,
        "difference": (b - c) / n,
        "tango95": tango(b, c, n, z),
        "tango95_one_sided": tango(b, c, n, stats.norm.ppf(0.95)),
        "wald95": [(b - c) / n - spread, (b - c) / n + spread],
        "tango_z_at_minus_0_01": tango_z(b, c, n, -0.01),
    }


def paired_auc(case):
    """DeLong's variances from all pairs, without ranks."""
    y = np.array(case["y_true"]) == 1
    parts = []
    for score in (np.array(case["score_a"]), np.array(case["score_b"])):
        wins = np.heaviside(score[y][:, None] - score[~y][None, :], 0.5)
        parts.append((wins.mean(), wins.mean(axis=1), wins.mean(axis=0)))
    (a, a_rows, a_columns), (b, b_rows, b_columns) = parts
    covariance = np.cov(a_rows, b_rows) / y.sum() + np.cov(a_columns, b_columns) / (~y).sum()
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    expected = {"auc_a": a, "auc_b": b, "var_a": covariance[0, 0], "var_b": covariance[1, 1], "cov": covariance[0, 1]}
    if 0 < a < 1:
        logit, step = special.logit(a), math.sqrt(covariance[0, 0]) / (a * (1 - a))
        t = stats.t.ppf(0.95, min(y.sum(), (~y).sum()) - 1)
        expected["logit95_a"] = special.expit([logit - stats.norm.ppf(0.975) * step, logit + stats.norm.ppf(0.975) * step])
        expected["logit_t_one_sided95_a"] = special.expit([logit - t * step, logit + t * step])
    if variance > 1e-9:
        z = (a - b) / math.sqrt(variance)
        expected |= {"diff_var": variance, "z": z, "p_two_sided": 2 * stats.norm.sf(abs(z)), "p_a_greater": stats.norm.sf(z)}
    return expected


class Xoshiro:
    """xoshiro128** seeded by SHA-256, written a second time from its definition."""

    def __init__(self, seed):
        digest = hashlib.sha256(seed.encode()).digest()
        self.state = [int.from_bytes(digest[i : i + 4], "big") for i in range(0, 16, 4)]

    def u32(self):
        s, mask = self.state, 0xFFFFFFFF
        rotate = lambda x, k: ((x << k) | (x >> (32 - k))) & mask
        result = rotate(s[1] * 5 & mask, 7) * 9 & mask
        t = s[1] << 9 & mask
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotate(s[3], 11)
        return result

    def below(self, n):
        while True:
            drawn = self.u32()
            if drawn < 2**32 - 2**32 % n:
                return drawn % n

    def f64(self):
        return ((self.u32() >> 5) * 2**26 + (self.u32() >> 6)) / 2**53


def prng(case):
    draw = lambda count, take: [take(generator) for generator in [Xoshiro(case["seed"])] for _ in range(count)]
    shuffled, generator = list(range(12)), Xoshiro(case["seed"])
    for i in range(11, 0, -1):
        j = generator.below(i + 1)
        shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
    return {
        "state": Xoshiro(case["seed"]).state,
        "u32": draw(8, Xoshiro.u32),
        "below10": draw(12, lambda g: g.below(10)),
        "f64": draw(6, Xoshiro.f64),
        "below3000000019": draw(6, lambda g: g.below(3000000019)),
        "shuffle12": shuffled,
        "exp_rate25": draw(5, lambda g: -math.log1p(-g.f64()) / 25),
    }


def paired_mean(case):
    a, b = np.array(case["a"]), np.array(case["b"])
    test = stats.ttest_rel(a, b)
    interval = test.confidence_interval(0.95)
    generator, d = Xoshiro(case["seed"]), a - b
    signs = np.array([[-1 if generator.u32() & 1 else 1 for _ in d] for _ in range(case["B"])])
    as_high = ((signs * d).mean(axis=1) >= d.mean() - 1e-12).sum()
    return {
        "mean_diff": d.mean(),
        "t": test.statistic,
        "p_two_sided": test.pvalue,
        "ci95": [interval.low, interval.high],
        "signflip_p_greater": (1 + as_high) / (case["B"] + 1),
        "wilcoxon_approx_p": stats.wilcoxon(d, zero_method="wilcox", correction=False, method="asymptotic").pvalue,
    }


def bca(case):
    """scipy's own correction on given replicates of a mean."""
    data, replicates = np.array(case["data"]), np.array(case["replicates"])
    low, high, acceleration = _resampling._bca_interval(
        (data,), lambda x, axis: np.mean(x, axis=axis), 0, 0.025, replicates, None, xp=np
    )[:3]
    return {"bca95": [np.quantile(replicates, low), np.quantile(replicates, high)], "accel": float(np.squeeze(acceleration))}


def multiplicity(case):
    adjust = lambda method: multipletests(case["p"], method=method)[1]
    return {"holm": adjust("holm"), "bh": adjust("fdr_bh"), "bonferroni": adjust("bonferroni")}


KINDS = {
    "special": special_function,
    "proportion": proportion,
    "mean": mean,
    "quantile_rank": quantile_rank,
    "paired_binary": paired_binary,
    "paired_auc": paired_auc,
    "paired_mean": paired_mean,
    "prng": prng,
    "bca": bca,
    "multiplicity": multiplicity,
}
