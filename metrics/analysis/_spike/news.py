"""Which surprises are news: not the rest of an event, not what happens daily at this time, less so what is often."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from metrics.analysis._spike.pack import Array
from metrics.analysis.signal import DAY_S

__all__ = ["News"]

# After an alarm only what surprises more is told, and what counts as more fades with this time.
FADES_S = 86_400.0
# Within three hours of what was told, only what surprises half as much again is told as well.
TOLD_S, MORE = 10_800, 1.5
# Surprise nearly as large at the same half hour on three of the last seven days is a habit.
HABIT_S, HABIT_DAYS, HABIT_TIMES = 1_800, 7, 3
# How large, by the one in question: what comes daily is not the same every day.
NEARLY = 0.7
# An event weighs less, the more have been as surprising: the n-th by n to this power.
OFTEN = -0.1
# So many events are remembered.
MEMORY = 256

HALF_HOURS = DAY_S // HABIT_S
KEPT = HALF_HOURS * (HABIT_DAYS + 1)


class News:
    def __init__(self) -> None:
        self.level = 0.0
        self.level_s = 0
        self.told = 0.0
        self.told_s = 0
        self.seen: list[float] = []
        self.habits: dict[int, float] = {}

    def feed(
        self, utc_s: NDArray[np.int64], local_s: NDArray[np.int64], surprise: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        news = np.zeros(len(surprise))
        for i in np.flatnonzero(surprise):
            news[i] = self._one(int(utc_s[i]), int(local_s[i]) // HABIT_S, float(surprise[i]))
        return news

    def _one(self, utc_s: int, half_hour: int, size: float) -> float:
        news = 0.0
        if size > self.level * np.exp((self.level_s - utc_s) / FADES_S):
            news = self._told(utc_s, size) if not self._is_habit(half_hour, size) else 0.0
            self.level, self.level_s = size, utc_s
            self.seen = [*self.seen[1 - MEMORY :], size]
        if size > self.habits.get(half_hour, 0.0):
            self.habits[half_hour] = size
            if len(self.habits) > KEPT:
                self.habits = {at: each for at, each in self.habits.items() if at > half_hour - KEPT}
        return news

    def _told(self, utc_s: int, size: float) -> float:
        news = size * float((1 + sum(each >= size for each in self.seen)) ** OFTEN)
        if news < MORE * self.told and utc_s < self.told_s + TOLD_S:
            return 0.0
        self.told, self.told_s = news, utc_s
        return news

    def _is_habit(self, half_hour: int, size: float) -> bool:
        days = (half_hour - day * HALF_HOURS for day in range(1, HABIT_DAYS + 1))
        return sum(self._was(at, NEARLY * size) for at in days) >= HABIT_TIMES

    def _was(self, half_hour: int, size: float) -> bool:
        return any(self.habits.get(half_hour + near, 0.0) >= size for near in (-1, 0, 1))

    def arrays(self) -> list[Array]:
        habits = list(self.habits.items())
        return [
            np.array([self.level, self.told, *self.seen], np.float64),
            np.array([self.level_s, self.told_s, *(at for at, _ in habits)], np.int64),
            np.array([size for _, size in habits], np.float64),
        ]

    def restore(self, arrays: list[Array]) -> None:
        self.level, self.told, *self.seen = (float(size) for size in arrays[0])
        self.level_s, self.told_s, *times = (int(at) for at in arrays[1])
        self.habits = dict(zip(times, (float(size) for size in arrays[2]), strict=True))
