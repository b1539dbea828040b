"""Rounds of runs, and the medians over them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

from bench.load import Sample


def _rate(sample: Sample) -> float:
    return sample.rate


@dataclass(frozen=True)
class Series:
    """The samples of one group, by name; the n-th of every name are of the same round."""

    samples: Mapping[str, list[Sample]]

    def median(self, name: str, value: Callable[[Sample], float]) -> float:
        """Return the median over the rounds of ``value`` of one name's samples."""
        return median(value(sample) for sample in self.samples[name])

    def rate(self, name: str) -> float:
        """Return the median of answers per second."""
        return self.median(name, _rate)

    def ratio(self, name: str, other: str, value: Callable[[Sample], float] = _rate) -> float:
        """Return the median of the rounds' own ratios.

        Each round is divided by itself, so that a slow half minute of the machine slows both.
        """
        pairs = zip(self.samples[name], self.samples[other], strict=True)
        return median(value(one) / value(two) for one, two in pairs)

    def spread(self, name: str) -> tuple[float, float]:
        """Return the lowest and the highest rate of the rounds."""
        rates = [sample.rate for sample in self.samples[name]]
        return min(rates), max(rates)

    def wrong(self, *names: str) -> str:
        """Return what makes these samples worthless, in words, or an empty string."""
        found = [sample for name in names for sample in self.samples[name]]
        problems = {
            "unexpected answers": sum(sample.unexpected for sample in found),
            "broken connections": sum(sample.socket_errors for sample in found),
            "acknowledged reports missing": sum(sample.lost for sample in found),
        }
        return ", ".join(f"{count} {name}" for name, count in problems.items() if count)


def alternate(rounds: int, steps: Mapping[str, Callable[[], Sample]], say: Callable[[str], None]) -> Series:
    """Run the steps one after the other, ``rounds`` times, and tell each result."""
    samples: dict[str, list[Sample]] = {name: [] for name in steps}
    for number in range(1, rounds + 1):
        for name, step in steps.items():
            sample = step()
            samples[name].append(sample)
            say(f"  {number}/{rounds} {name}: {sample}")
    return Series(samples)
