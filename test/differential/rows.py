"""Metrics of classification and regression, by scikit-learn and scipy."""

import numpy as np
from scipy import stats
from sklearn import metrics as sk

SMALLEST = 2.0**-52


def undefined(reason):
    return {"undefined": reason}


def ece(confidence, outcome, bins):
    """Sum over equal, right-closed bins of |mean outcome - mean confidence| by share of rows."""
    index = np.clip(np.ceil(confidence * bins) - 1, 0, bins - 1)
    return sum(
        np.mean(index == b) * abs(outcome[index == b].mean() - confidence[index == b].mean()) for b in np.unique(index)
    )


def log_loss(chosen):
    return float(np.mean(-np.log(np.clip(chosen, SMALLEST, 1 - SMALLEST))))


def kappa(y, predicted, labels):
    value = sk.cohen_kappa_score(y, predicted, labels=labels)
    return undefined("chance_agreement") if np.isnan(value) else value


def binary(case):
    y, score = np.array(case["y_true"]), np.array(case["y_score"], dtype=float)
    predicted = (score >= case["threshold"]).astype(int)
    (tn, fp), (fn, tp) = sk.confusion_matrix(y, predicted, labels=[0, 1])
    both = 0 < y.sum() < len(y)
    zero = {"zero_division": 0}
    return {
        "confusion": {"tp": tp, "fp": fp, "fn": fn, "tn": tn},
        "accuracy": sk.accuracy_score(y, predicted),
        "precision": sk.precision_score(y, predicted, **zero),
        "recall": sk.recall_score(y, predicted, **zero),
        "specificity": sk.recall_score(y, predicted, pos_label=0, **zero),
        "f1": sk.f1_score(y, predicted, **zero),
        "f2": sk.fbeta_score(y, predicted, beta=2, **zero),
        "balanced_accuracy": sk.balanced_accuracy_score(y, predicted) if both else undefined("single_class"),
        "mcc": sk.matthews_corrcoef(y, predicted),
        "kappa": kappa(y, predicted, [0, 1]),
        "roc_auc": sk.roc_auc_score(y, score) if both else undefined("single_class"),
        "pr_auc": sk.average_precision_score(y, score) if y.any() else undefined("no_positive"),
        "log_loss": log_loss(np.where(y == 1, score, 1 - score)),
        "brier": sk.brier_score_loss(y, score, pos_label=1),
        "ece15": ece(score, y, 15),
        "ece10": ece(score, y, 10),
    }


def averages(y, predicted, labels, average):
    kept = {"labels": labels, "average": average, "zero_division": 0}
    return {
        "precision": sk.precision_score(y, predicted, **kept),
        "recall": sk.recall_score(y, predicted, **kept),
        "f1": sk.f1_score(y, predicted, **kept),
    }


def multiclass(case):
    y, p = np.array(case["y_true"]), np.array(case["y_prob"])
    labels = list(range(p.shape[1]))
    predicted = p.argmax(axis=1)
    chosen = p[np.arange(len(y)), y]
    each = averages(y, predicted, labels, None)
    all_seen = len(set(y)) == len(labels)
    # scikit-learn wants rows that add up to 1 within its own tolerance.
    auc = lambda **how: sk.roc_auc_score(y, p, labels=labels, **how) if all_seen else undefined("class_missing")
    return {
        "confusion": sk.confusion_matrix(y, predicted, labels=labels),
        "accuracy": sk.accuracy_score(y, predicted),
        "balanced_accuracy": sk.balanced_accuracy_score(y, predicted),
        "mcc": sk.matthews_corrcoef(y, predicted),
        "kappa": kappa(y, predicted, labels),
        "log_loss": log_loss(chosen),
        "brier": np.mean(((p - np.eye(len(labels))[y]) ** 2).sum(axis=1)),
        "macro": averages(y, predicted, labels, "macro"),
        "micro": averages(y, predicted, labels, "micro"),
        "weighted": averages(y, predicted, labels, "weighted"),
        "per_class": [
            {**{name: values[k] for name, values in each.items()}, "support": int((y == k).sum())} for k in labels
        ],
        "top2": np.mean((p > chosen[:, None]).sum(axis=1) < 2),
        "ece15_top": ece(p.max(axis=1), (predicted == y).astype(float), 15),
        "roc_auc_ovr_macro": auc(multi_class="ovr", average="macro"),
        "roc_auc_ovr_weighted": auc(multi_class="ovr", average="weighted"),
        "roc_auc_ovo_macro": auc(multi_class="ovo", average="macro"),
    }


def regression(case):
    y, p = np.array(case["y_true"], dtype=float), np.array(case["y_pred"], dtype=float)
    size = np.abs(y) + np.abs(p)
    varied = np.ptp(y) > 0
    both = varied and np.ptp(p) > 0
    related = lambda test: test(y, p).statistic if both else undefined("constant_input")
    return {
        "mae": sk.mean_absolute_error(y, p),
        "mse": sk.mean_squared_error(y, p),
        "rmse": sk.root_mean_squared_error(y, p),
        "median_ae": sk.median_absolute_error(y, p),
        "max_error": sk.max_error(y, p),
        "mape": sk.mean_absolute_percentage_error(y, p) if (y != 0).all() else undefined("zero_target"),
        "smape": np.mean(np.where(size == 0, 0, 2 * np.abs(p - y) / np.where(size == 0, 1, size))),
        "wape": np.abs(p - y).sum() / np.abs(y).sum() if (y != 0).any() else undefined("zero_target"),
        "rmsle": sk.root_mean_squared_log_error(y, p) if min(y.min(), p.min()) > -1 else undefined("below_minus_one"),
        "pinball_90": sk.mean_pinball_loss(y, p, alpha=0.9),
        "bias": np.mean(p - y),
        "r2": sk.r2_score(y, p) if varied else undefined("constant_target"),
        "explained_variance": sk.explained_variance_score(y, p) if varied else undefined("constant_target"),
        "pearson": related(stats.pearsonr),
        "spearman": related(stats.spearmanr),
        "kendall_tau_b": related(stats.kendalltau),
    }


KINDS = {"binary": binary, "multiclass": multiclass, "regression": regression}
