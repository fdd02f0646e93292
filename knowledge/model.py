"""From what search found to a probability: a small logistic regression whose coefficients are data.

It is fitted on labelled questions that the index never learned, and its thresholds come from an error budget: "of what
is answered, at most so much may be wrong".
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FEATURES = (
    "log_odds",  # of the first entry against all others, by the ranking
    "margin",  # of the first entry over the second, in log probability
    "ask_words",  # how well the entry's best title or alias fits, by words
    "ask_grams",  # and by letters
    "search_margin",  # by search alone: the entry's best fit over that of any other
    "agreement",  # 1 when search alone puts the same entry first
    "body",  # how well the entry's body fits
    "coverage",  # share of the question that the knowledge base knows
    "missing",  # heaviest word it does not know
    "strange_names",  # share of names it does not know: likely another company's
    "letters_coverage",  # share of the question's letter grams that it knows
    "trust",  # 1, less when words were repaired
    "length",  # log of the number of words
    "same_kind",  # probability of all entries of the first one's kind together
    "entries",  # log of how many there are, at most a hundred: among few, one always stands out
)
VECTOR_FEATURES = (  # behind them, where the question and the knowledge base have vectors
    "vector_odds",  # log-odds by the vectors that the first entry is right
    "vector_margin",  # and how much of them it has over the best of the others
)
# Of a model not fitted with vectors: they may move what the words leave in doubt, and no more. Partly they say the same
# as the words, and a wrong answer costs more than a question asked back.
_VECTOR_COEFFICIENTS = (0.35, 0.0)
# What a version keeps its own model under, beside its entries, whose ids never begin like this.
DOCUMENT = "~model"
_RIDGE = 1.0
_FOLDS = 5
_LEAST_CLARIFY = 0.12  # below it the candidates are chance, whatever the labelled questions say
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Weights:
    """Logistic regression over FEATURES, or these and VECTOR_FEATURES. answer, clarify: from which probability to
    answer, or to ask back."""

    bias: float
    coefficients: tuple[float, ...]
    answer: float
    clarify: float

    def probability(self, features: Sequence[float]) -> float:
        z = self.bias + sum(c * f for c, f in zip(self.coefficients, features, strict=True))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, z))))


@dataclass(frozen=True, slots=True)
class Model:
    """ranked: for knowledge bases with a trained ranker; searched: for those with search alone. The same with vectors,
    None where it was not fitted."""

    ranked: Weights
    searched: Weights
    ranked_vectors: Weights | None = None
    searched_vectors: Weights | None = None

    def weights(self, *, ranked: bool, vectors: bool) -> Weights:
        """The part for a knowledge base and a question like this."""
        words = self.ranked if ranked else self.searched
        if not vectors:
            return words
        fitted = self.ranked_vectors if ranked else self.searched_vectors
        return fitted or replace(words, coefficients=words.coefficients + _VECTOR_COEFFICIENTS)

    def to_json(self) -> str:
        parts = {field.name: getattr(self, field.name) for field in fields(self)}
        return json.dumps({name: _plain(part) for name, part in parts.items() if part}, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Model":
        """Raises KeyError or ValueError when the text is not a model of these features."""
        data = json.loads(text)
        with_vectors = FEATURES + VECTOR_FEATURES
        fitted = {n: _weights(data[n], with_vectors) for n in ("ranked_vectors", "searched_vectors") if n in data}
        return cls(_weights(data["ranked"]), _weights(data["searched"]), **fitted)


def model_of(documents: Mapping[str, str]) -> Model:
    """The model among a version's texts, else the one that comes with the program."""
    text = documents.get(DOCUMENT)
    return default_model() if text is None else Model.from_json(text)


def default_model() -> Model:
    """The model that comes with the program, fitted on its own questions."""
    return Model.from_json((Path(__file__).parent / "model.json").read_text(encoding="utf-8"))


def _plain(weights: Weights) -> dict[str, object]:
    features = (FEATURES + VECTOR_FEATURES)[: len(weights.coefficients)]
    named = dict(zip(features, weights.coefficients, strict=True))
    return {"bias": weights.bias, "coefficients": named, "answer": weights.answer, "clarify": weights.clarify}


def _weights(data: Mapping[str, object], features: Sequence[str] = FEATURES) -> Weights:
    named = data["coefficients"]
    if not isinstance(named, dict) or set(named) != set(features):
        raise ValueError(f"the model needs exactly these coefficients: {', '.join(features)}")
    return Weights(
        float(str(data["bias"])),
        tuple(float(named[name]) for name in features),
        float(str(data["answer"])),
        float(str(data["clarify"])),
    )


@dataclass(frozen=True, slots=True)
class Outcome:
    """One labelled question as decided: features, whether the first entry is right, whether it would be an answer
    (small talk and "not covered" are not), and whether any of the first three is right."""

    features: tuple[float, ...]
    right: bool
    answers: bool
    near: bool


def fit_weights(outcomes: Sequence[Outcome], budget: float, lessons: Sequence[Outcome] = ()) -> Weights:
    """Weights and thresholds for these outcomes. budget: accepted share of wrong ones among the answered.

    Thresholds are set on probabilities from folds that did not see the question. lessons: further outcomes that shape
    the coefficients but are rarer in life than here, and so have no say in the thresholds.
    """
    x = np.array([o.features for o in outcomes], np.float64)
    y = np.array([o.right for o in outcomes], np.float64)
    more_x = np.array([o.features for o in lessons], np.float64).reshape(-1, x.shape[1])
    more_y = np.array([o.right for o in lessons], np.float64)
    bias, coefficients = _logistic(np.vstack([x, more_x]), np.concatenate([y, more_y]))
    fold = np.arange(len(y)) % _FOLDS
    unseen = np.empty(len(y))
    for f in range(_FOLDS):
        seen = fold != f
        b, c = _logistic(np.vstack([x[seen], more_x]), np.concatenate([y[seen], more_y]))
        unseen[fold == f] = 1 / (1 + np.exp(-(b + x[fold == f] @ c)))
    answers = np.array([o.answers for o in outcomes])
    near = np.array([o.near for o in outcomes], np.float64)
    answer = _from(unseen[answers], y[answers], budget)
    clarify = min(max(_clarify(unseen, near), _LEAST_CLARIFY), answer)
    return Weights(round(bias, 4), tuple(round(float(c), 4) for c in coefficients), round(answer, 4), round(clarify, 4))


def _logistic(x: Floats, y: Floats) -> tuple[float, Floats]:
    """Bias and coefficients by Newton's method, on standardised features, with a small ridge."""
    mean, scale = x.mean(0), np.maximum(x.std(0), 1e-6)
    z = np.hstack([np.ones((len(x), 1)), (x - mean) / scale])
    ridge = np.diag([1e-6] + [_RIDGE] * x.shape[1])
    w = np.zeros(z.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(z @ w, -30, 30)))
        gradient = z.T @ (p - y) + ridge @ w
        step = np.linalg.solve((z * (p * (1 - p))[:, None]).T @ z + ridge, gradient)
        w -= step
        if np.abs(step).max() < 1e-8:
            break
    coefficients = w[1:] / scale
    return float(w[0] - coefficients @ mean), coefficients


def _from(probability: Floats, right: Floats, budget: float) -> float:
    """The lowest threshold above which the share of wrong ones stays within the budget."""
    order = np.argsort(-probability, kind="stable")
    wrong = np.cumsum(1 - right[order]) / np.arange(1, len(order) + 1)
    within = np.flatnonzero(wrong <= budget)
    if not len(within):
        return 1.0
    last = int(within[-1])
    below = float(probability[order[last + 1]]) if last + 1 < len(order) else 0.0
    return (float(probability[order[last]]) + below) / 2


def _clarify(probability: Floats, near: Floats) -> float:
    """From where asking back helps at least every third time."""
    order = np.argsort(probability, kind="stable")
    helped = np.cumsum(near[order]) / np.arange(1, len(order) + 1)
    useless = np.flatnonzero(helped <= 1 / 3)
    return float(probability[order[int(useless[-1])]]) if len(useless) else 0.0
