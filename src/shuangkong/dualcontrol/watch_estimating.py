"""Estimates of returns that are late (缺报估计): a ratio estimator by stratum, with an interval held to account.

Every late return has a guess x from something known of the same respondent: its electricity or output of the month, its
month of a year ago, its last month. The stratum (division of industry) says by its returns that are there how such
guesses turn out: R = Σy ÷ Σx, drawn towards that of all strata the more, the less its own returns can tell. The
estimate is R·x, moved towards how the respondent itself differed from its stratum earlier in the year. Errors are
relative: a spread s per stratum and a spread τ between strata, both held to priors, and of s a share ρ that stays with
the respondent from month to month. The sum of estimates bears each respondent's error, what a stratum's ratio is off
for all of them together, and what all late returns share.

Doubles are used for statistics alone; sums are correctly rounded (`fsum`), so that no result depends on an order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import fsum, sqrt
from statistics import NormalDist, median

#: What a guess can rest on, the surer first where two are as sure.
BASES = ("meter", "electricity", "output", "last_year", "last_month")
#: A month is its number since the year nought (`index_of`).
YEAR = 12


@dataclass(frozen=True, slots=True)
class Priors:
    """What is taken for granted before any figure, from the packs (`watching.estimate`).

    spread, weight: relative spread of a guess and how many returns that counts as. between: relative spread of ratios
    between strata. persistence: share of the spread that stays with a respondent, never taken for more than
    `persistence_most`. common: relative error that all late returns of a month have in common. least: returns that a
    month needs before anything is learned from it. outlier: a return so many times above its guess teaches nothing.
    look_back: months back to the last known one.
    """

    spread: float
    between: float
    weight: float
    persistence: float
    common: float
    least: int
    outlier: float
    look_back: int
    persistence_most: float


@dataclass(frozen=True, slots=True)
class Respondent:
    """One that hands in returns: amounts of months known in full; `partly`: month → (amount, share that is known).

    An amount of None is of a return that is there, of which nobody knows how much: no factor, or a blank in it.
    `aux`: basis → month → what is known of it (kWh, product units), electricity and output.
    """

    name: str
    stratum: str
    known: Mapping[int, float]
    partly: Mapping[int, tuple[float | None, float]] = field(default_factory=dict)
    aux: Mapping[str, Mapping[int, float]] = field(default_factory=dict)

    def blank(self, month: int) -> bool:
        """Whether the return of a month is there and a part of it has no amount: what that is worth nobody knows."""
        amount, share = self.partly.get(month, (0.0, 1.0))
        return amount is None or share <= 0


@dataclass(frozen=True, slots=True)
class Fit:
    """How guesses of one basis turned out in a stratum and month.

    spread: relative, of one return; freedom: of its estimate; shared: relative variance of the ratio, which all
    estimates of the stratum have in common.
    """

    ratio: float
    spread: float
    freedom: float
    responders: int
    shared: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """What stands in for a late return. own, lasting: relative errors of the month alone and of all its months."""

    name: str
    month: int
    amount: float
    basis: str
    stratum: str
    fit: Fit
    own: float
    lasting: float


def guesses(one: Respondent, month: int, look_back: int) -> dict[str, float]:
    """What the month may be, by basis, from what is known of the respondent itself."""
    found: dict[str, float] = {}
    year_ago, last = one.known.get(month - YEAR), _last(one.known, month, look_back)
    for basis, series in one.aux.items():
        now = series.get(month)
        for then in (month - YEAR, last):
            if now is not None and then is not None and then in one.known and series.get(then):
                found[basis] = now * one.known[then] / series[then]
                break
    if year_ago is not None:
        found["last_year"] = year_ago
    if last is not None:
        found["last_month"] = one.known[last]
    return found


def _last(known: Mapping[int, float], month: int, look_back: int) -> int | None:
    return next((m for m in range(month - 1, month - 1 - look_back, -1) if m in known), None)


def estimates(
    respondents: Sequence[Respondent], gaps: Iterable[tuple[str, int]], priors: Priors
) -> tuple[list[Estimate], list[tuple[str, int]]]:
    """An estimate for each gap (name, month), and the gaps that nothing supports.

    Nothing supports a gap where the respondent has no guess, or nobody's return of the month tells how guesses turn
    out.
    """
    pool = Pool(respondents, priors)
    made: list[Estimate] = []
    none: list[tuple[str, int]] = []
    for name, month in sorted(gaps):
        one = pool.estimate(name, month)
        if one is None:
            none.append((name, month))
        else:
            made.append(one)
    return made, none


class Pool:
    """All respondents that may teach each other; fits are made when they are first asked for."""

    def __init__(self, respondents: Sequence[Respondent], priors: Priors) -> None:
        self.priors = priors
        self.by_name = {r.name: r for r in respondents}
        self.strata: dict[str, list[Respondent]] = {}
        for r in respondents:
            self.strata.setdefault(r.stratum, []).append(r)
        self._pairs: dict[tuple[str, int], dict[str, list[tuple[str, float, float]]]] = {}
        self._fits: dict[tuple[int, str], dict[str, Fit]] = {}
        self._abouts: dict[tuple[int, str], tuple[float, int]] = {}
        self._kept: dict[tuple[str, int], float] = {}
        self._guesses: dict[tuple[str, int], dict[str, float]] = {}

    def guesses(self, one: Respondent, month: int) -> dict[str, float]:
        """`guesses`, once for each respondent and month."""
        key = (one.name, month)
        if key not in self._guesses:
            self._guesses[key] = guesses(one, month, self.priors.look_back)
        return self._guesses[key]

    def estimate(self, name: str, month: int) -> Estimate | None:
        """The estimate of one gap, by the basis with the least spread; None where nothing supports one."""
        one = self.by_name.get(name)
        if one is None:
            return None
        if one.blank(month):
            return None
        amount, share = one.partly.get(month, (None, 0.0))
        if amount is not None:
            # what the meters did see says most of what they did not
            fit = Fit(1.0, self.priors.spread, self.priors.weight, 1, 0.0)
            return Estimate(name, month, amount * (1 - share) / share, "meter", one.stratum, fit, fit.spread, 0.0)
        best: tuple[float, Estimate] | None = None
        for basis, x in sorted(self.guesses(one, month).items(), key=lambda g: BASES.index(g[0])):
            fit_of = self.fit(one.stratum, month, basis)
            if fit_of is None:
                continue
            made = self._moved(one, month, basis, x, fit_of)
            doubt = made.own**2 + made.lasting**2 + fit_of.shared
            if best is None or doubt < best[0]:
                best = (doubt, made)
        return best[1] if best else None

    def _moved(self, one: Respondent, month: int, basis: str, x: float, fit: Fit) -> Estimate:
        """R·x, moved by how the respondent differed from its stratum in the months of the year that are known."""
        rho = self.persistence(basis, month // YEAR)
        seen = [e for m in range(month - month % YEAR, month) if (e := self.residual(one, m, basis)) is not None]
        k = len(seen)
        shrunk = k * rho / (1 + (k - 1) * rho) if k else 0.0
        u = shrunk * fsum(seen) / k if k else 0.0
        lasting = rho * fit.spread**2 * (1 - shrunk)
        own = (1 - rho) * fit.spread**2
        amount = max(fit.ratio * x * (1 + u), 0.0)
        return Estimate(one.name, month, amount, basis, one.stratum, fit, sqrt(own), sqrt(lasting))

    def pairs(self, stratum: str, month: int) -> dict[str, list[tuple[str, float, float]]]:
        """By basis (name, guess, return) of those whose return of the month is there; odd ones left out."""
        key = (stratum, month)
        if key not in self._pairs:
            found: dict[str, list[tuple[str, float, float]]] = {}
            for one in self.strata.get(stratum, ()):
                y = one.known.get(month)
                if y is None or month in one.partly:
                    continue
                for basis, x in self.guesses(one, month).items():
                    if x > 0 and y > 0:
                        found.setdefault(basis, []).append((one.name, x, y))
            self._pairs[key] = {basis: self._plain(rows) for basis, rows in found.items()}
        return self._pairs[key]

    def _plain(self, rows: list[tuple[str, float, float]]) -> list[tuple[str, float, float]]:
        """Without returns far above their guess: mistakes of writing, or a guess from a month of standing still.

        Those far below stay: a late unit may stand still as well.
        """
        highest = median(y / x for _, x, y in rows) * self.priors.outlier
        return [r for r in rows if r[2] <= r[1] * highest]

    def fit(self, stratum: str, month: int, basis: str) -> Fit | None:
        """The fit of the stratum; None where too few returns of the month are there to learn from."""
        key = (month, basis)
        if key not in self._fits:
            groups = self._groups(month, basis)
            enough = sum(map(len, groups.values())) >= self.priors.least
            year = [self._about(m, basis) for m in range(month - YEAR + 1, month + 1)] if enough else []
            self._fits[key] = fitted(groups, self.priors, year) if enough else {}
        return self._fits[key].get(stratum)

    def _groups(self, month: int, basis: str) -> dict[str, list[tuple[str, float, float]]]:
        return {s: self.pairs(s, month).get(basis, []) for s in self.strata}

    def _about(self, month: int, basis: str) -> tuple[float, int]:
        """`about` of a month, once."""
        key = (month, basis)
        if key not in self._abouts:
            self._abouts[key] = about(self._groups(month, basis))
        return self._abouts[key]

    def residual(self, one: Respondent, month: int, basis: str) -> float | None:
        """How far a known return lay off what its stratum says of it, as a share; None where that is not known."""
        y, x = one.known.get(month), self.guesses(one, month).get(basis)
        fit = self.fit(one.stratum, month, basis) if y is not None and x else None
        if fit is None or not x or y is None or not fit.ratio:
            return None
        e = y / (fit.ratio * x) - 1
        return e if 1 / self.priors.outlier <= 1 + e <= self.priors.outlier else None

    def persistence(self, basis: str, year: int) -> float:
        """Share of the spread that stays with a respondent through the year, held to the prior."""
        key = (basis, year)
        if key not in self._kept:
            cross: list[float] = []
            squares: list[float] = []
            for one in self.by_name.values():
                e = [r for m in range(YEAR) if (r := self.residual(one, year * YEAR + m, basis)) is not None]
                cross += [a * b for a, b in pairwise(e)]
                squares += [(a * a + b * b) / 2 for a, b in pairwise(e)]
            whole, p = fsum(squares), self.priors
            seen = fsum(cross) / whole if whole else p.persistence
            weight = p.weight / (p.weight + len(squares))
            self._kept[key] = min(max(weight * p.persistence + (1 - weight) * seen, 0.0), p.persistence_most)
        return self._kept[key]


def about(groups: Mapping[str, Sequence[tuple[str, float, float]]]) -> tuple[float, int]:
    """Σ of the squared relative distances of (name, guess, return) from their stratum's ratio, and its freedom."""
    squares = [_squares(rows) for rows in groups.values() if rows]
    return fsum(squares), sum(len(rows) - 1 for rows in groups.values() if rows)


def fitted(
    groups: Mapping[str, Sequence[tuple[str, float, float]]], priors: Priors,
    year: Sequence[tuple[float, int]] | None = None,
) -> dict[str, Fit]:  # fmt: skip
    """The fit of each stratum from its (name, guess, return), and from those of all strata for what it cannot tell.

    Within strata the spread is pooled over the months of a year (`about` of each; this one alone if left out) and held
    to the prior, then each stratum's to the pooled one. Between strata the spread τ of ratios is what is left of their
    variance when that of their returns is taken off. A stratum's ratio is drawn to that of all with weight
    τ² ÷ (τ² + v), v its own variance; one without returns has that of all.
    """
    there = {s: rows for s, rows in groups.items() if rows}
    every = [r for rows in there.values() for r in rows]
    whole, weight = _ratio(every), priors.weight
    ratios = {s: _ratio(rows) for s, rows in there.items()}
    seen = [about(groups)] if year is None else year
    freedom = weight + sum(n for _, n in seen)
    pooled = (weight * priors.spread**2 + fsum(q for q, _ in seen)) / freedom
    spreads = {s: (weight * pooled + _squares(rows)) / (weight + len(rows) - 1) for s, rows in there.items()}
    own = {s: spreads[s] * _concentration(rows) for s, rows in there.items()}
    apart = [(ratios[s] / whole - 1) ** 2 - own[s] for s in there if len(there[s]) > 1]
    between = max((weight * priors.between**2 + fsum(apart)) / (weight + len(apart)), 0.0)
    of_all = pooled * _concentration(every)
    found: dict[str, Fit] = {}
    for s in groups:
        if s not in there:
            found[s] = Fit(whole, sqrt(pooled), freedom, 0, between + of_all)
            continue
        drawn = between / (between + own[s]) if between + own[s] > 0 else 1.0
        ratio = whole * (1 + drawn * (ratios[s] / whole - 1))
        shared = drawn * own[s] + (1 - drawn) ** 2 * of_all
        found[s] = Fit(ratio, sqrt(spreads[s]), weight + len(there[s]) - 1, len(there[s]), shared)
    return found


def _squares(rows: Sequence[tuple[str, float, float]]) -> float:
    ratio = _ratio(rows)
    return fsum((y / (ratio * x) - 1) ** 2 for _, x, y in rows)


def _ratio(rows: Sequence[tuple[str, float, float]]) -> float:
    """Σy ÷ Σx."""
    return fsum(y for *_, y in rows) / fsum(x for _, x, _ in rows)


def _concentration(rows: Sequence[tuple[str, float, float]]) -> float:
    """Σx² ÷ (Σx)²: what of one return's variance stays in the ratio of them all."""
    return fsum(x * x for _, x, _ in rows) / fsum(x for _, x, _ in rows) ** 2


@dataclass(frozen=True, slots=True)
class Error:
    """Variance of a sum and the degrees of freedom behind it (Satterthwaite)."""

    variance: float
    freedom: float

    def half(self, level: float) -> float:
        """Half the width of the two-sided interval at a level (0.8)."""
        return quantile(level, self.freedom) * sqrt(self.variance)


NONE = Error(0.0, 1e9)


def error_of(made: Sequence[Estimate], common: float) -> Error:
    """The error of the sum of estimates: each respondent's, the ratio's own, and what all have in common."""
    parts: list[tuple[float, float]] = []
    by_name: dict[str, list[Estimate]] = {}
    by_fit: dict[tuple[str, int, str], list[Estimate]] = {}
    for e in made:
        by_name.setdefault(e.name, []).append(e)
        by_fit.setdefault((e.stratum, e.month, e.basis), []).append(e)
    for rows in by_name.values():
        lasting = fsum(e.lasting * e.amount for e in rows) ** 2
        own = fsum((e.own * e.amount) ** 2 for e in rows)
        parts.append((lasting + own, min(e.fit.freedom for e in rows)))
    for rows in by_fit.values():
        fit = rows[0].fit
        parts.append((fit.shared * fsum(e.amount for e in rows) ** 2, fit.freedom))
    whole = fsum(v for v, _ in parts)
    freedom = whole**2 / fsum(v * v / f for v, f in parts) if whole > 0 else 1e9
    return Error(whole + (common * fsum(e.amount for e in made)) ** 2, freedom)


def together(*errors: Error) -> Error:
    """The error of a sum of independent figures."""
    whole = fsum(e.variance for e in errors)
    below = fsum(e.variance**2 / e.freedom for e in errors)
    return Error(whole, whole**2 / below if below > 0 else 1e9)


def scaled(error: Error, factor: float) -> Error:
    """The error of a figure times a factor."""
    return Error(error.variance * factor * factor, error.freedom)


def quantile(level: float, freedom: float) -> float:
    """The two-sided quantile of Student's t at a level, by the expansion of Cornish and Fisher in 1 ÷ freedom."""
    z = NormalDist().inv_cdf((1 + level) / 2)
    n = max(freedom, 2.0)
    g1 = (z**3 + z) / 4
    g2 = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    g3 = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + g1 / n + g2 / n**2 + g3 / n**3
