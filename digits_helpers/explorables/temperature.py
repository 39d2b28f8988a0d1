"""Temperature scaling: slide the temperature, see calibration and loss."""

import matplotlib.pyplot as plt
import numpy as np
from digits_helpers.explorables.base import Explorable, binary
from digits_helpers.explorables.checks import check_labels, check_table
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from scipy.stats import binomtest

BINS = 10


class Temperature(Explorable):
    """What `explore_temperature` returns."""

    module = "explore_temperature"
    logits = binary(help="float16 (n, 10), the largest of each row is 0")
    labels = binary(help="uint8 (n,)")

    def draw(self):
        """Draw the reliability diagram as trained and at the temperature of the smallest loss."""
        best = self._best()
        figure, axes = plt.subplots(1, 3, figsize=(10, 3.4))
        for ax, temperature in zip(axes, (1, best), strict=False):
            loss, error, points = self._evaluate(temperature)
            confidence, accuracy, low, high = np.array(points).T
            ax.plot([0, 1], [0, 1], color="#767676", linewidth=1, linestyle="--")
            ax.errorbar(confidence, accuracy, [accuracy - low, high - accuracy], fmt="o", capsize=3)
            ax.set(xlim=(0, 1.02), ylim=(0, 1.02), xlabel="confidence", ylabel="accuracy")
            ax.set_title(f"T = {temperature:.2f}: ECE {error:.2%}, loss {loss:.4f}", fontsize=10)
        temperatures = np.geomspace(0.2, 5, 49)
        axes[2].plot(temperatures, [self._evaluate(t)[0] for t in temperatures])
        axes[2].axvline(best, color="#767676", linewidth=1, linestyle="--")
        axes[2].set(xscale="log", xlabel="temperature T", ylabel="loss (nats)", ylim=(0, None))
        axes[2].set_xticks([0.2, 0.5, 1, 2, 5], ["0.2", "0.5", "1", "2", "5"])
        axes[2].set_xticks([], minor=True)
        axes[2].set_title(f"Smallest loss at T = {best:.2f}", fontsize=10)
        return figure

    def describe(self):
        """Name the temperature, and calibration error and loss before and at it."""
        best = self._best()
        (loss, error, _), (best_loss, best_error, _) = (self._evaluate(t) for t in (1, best))
        return (
            f"Reliability diagrams of {len(self.labels)} images: accuracy against confidence in "
            f"{BINS} bins with 95 % intervals. At temperature 1 the expected calibration error is "
            f"{error:.2%} and the loss {loss:.4f}; at {best:.2f}, where the loss is smallest, "
            f"{best_error:.2%} and {best_loss:.4f}."
        )

    def _arrays(self):
        logits = np.frombuffer(self.logits, "<f2").reshape(-1, 10).astype(float)
        return logits, np.frombuffer(self.labels, np.uint8)

    def _loss(self, temperature):
        logits, labels = self._arrays()
        return -log_softmax(logits / temperature, axis=1)[np.arange(len(labels)), labels].mean()

    def _best(self):
        search = minimize_scalar(
            lambda t: self._loss(np.exp(t)), bounds=np.log([0.2, 5]), method="bounded"
        )
        return float(np.exp(search.x))

    def _evaluate(self, temperature):
        """Return loss, expected calibration error, and confidence and accuracy in each bin.

        The accuracy comes with its 95 % interval (Wilson 1927); empty bins are left out.
        """
        logits, labels = self._arrays()
        confidences = softmax(logits / temperature, axis=1).max(axis=1)
        is_right = logits.argmax(axis=1) == labels
        bins = np.ceil(BINS * confidences)  # each includes its upper limit
        points, error = [], 0
        for number in np.unique(bins):
            chosen = bins == number
            confidence, accuracy = confidences[chosen].mean(), is_right[chosen].mean()
            error += chosen.mean() * abs(accuracy - confidence)
            count = binomtest(is_right[chosen].sum(), chosen.sum())
            points.append((confidence, accuracy, *count.proportion_ci(method="wilson")))
        return self._loss(temperature), error, points


def explore_temperature(logits, labels):
    """Show a slider for the temperature, the reliability diagram, the ECE and the loss.

    The expected calibration error (ECE) is that of Naeini et al. (2015): the mean distance of
    accuracy and mean confidence in bins of equal width. Temperature scaling (Guo et al. 2017)
    divides the logits by one number, chosen on validation images.

    Parameters
    ----------
    logits : array of shape (n, 10)
        The values before softmax, on images that were not trained on; or the logarithms of the
        probabilities, which differ from them by a constant in each row.
    labels : array of shape (n,)
        The true digits, integers from 0 to 9.

    Returns
    -------
    Temperature
        The interactive figure, as the last line of a cell.

    Raises
    ------
    ValueError
        If a shape or a value is another.
    """
    logits = check_table(logits, "logits")
    labels = check_labels(labels, len(logits))
    if logits.min() >= 0 and np.allclose(logits.sum(axis=1), 1, atol=1e-3):
        raise ValueError("expected logits, got probabilities: take their logarithm, np.log(...)")
    centered = (logits - logits.max(axis=1, keepdims=True)).clip(-6e4)
    return Temperature(logits=centered.astype("<f2").tobytes(), labels=labels.tobytes())
