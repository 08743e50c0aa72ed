"""How many people greet the wanted share of shoppers in time: the queue M/M/c+M, called Erlang A.

Shoppers come at random, each takes an exponential time of one of `c` people, and a shopper who waits leaves
after an exponential patience. The model is C. Palm's (Research on telephone traffic carried by full
availability groups, Tele 1, 1957). The share that is served within T follows O. Garnett, A. Mandelbaum and
M. Reiman (Designing a call center with impatient customers, M&SOM 4, 2002) and S. Zeltyn and A. Mandelbaum
(Call centers with impatient customers: many-server asymptotics of the M/M/n+G queue, Queueing Systems 51,
2005), who take the density of the offered wait from F. Baccelli and G. Hebuterne (1981):

    v(x) = λ · p(c−1) · exp(λ·H(x) − c·μ·x),   H(x) = (1 − e^(−θx)) ÷ θ

p(c−1) is the probability that one person is free. Whoever finds somebody free is served at once; an offered
wait x is waited for with probability e^(−θx):

    served within T = P(somebody is free) + ∫₀ᵀ e^(−θx) · v(x) dx

With θ = 0 nobody leaves, and the formula is Erlang C. Times are in seconds, rates per second.
"""

from functools import lru_cache
from math import ceil, exp, log, sqrt

MAX_PEOPLE = 500  # more than any store has on the floor
MIN_STEPS, MAX_STEPS = 16, 1000  # pairs of steps of the integral: its error is below 1e-6
NEGLIGIBLE_LOG = 30.0  # states that are e^30 times less likely than the likeliest do not count


def greeted_share(people: int, per_s: float, handling_s: float, leave_per_s: float, within_s: float) -> float:
    """The share of all who come that is served within `within_s`, 0 to 1, in the long run.

    `per_s` shoppers come per second, each takes `handling_s`, and of those who wait `leave_per_s` leave per
    second (1 ÷ mean patience). A line that only grows greets nobody.
    """
    if per_s <= 0 or handling_s <= 0:
        return 1.0
    if people <= 0:
        return 0.0
    load = per_s * handling_s  # Erlang
    if leave_per_s <= 0 and load >= people:
        return 0.0
    free, log_one_free = _free(people, load, handling_s * leave_per_s)
    waited = _served_after_waiting(log_one_free, people, per_s, handling_s, leave_per_s, within_s)
    return min(1.0, free + waited)


def waiting_share(people: int, per_s: float, handling_s: float, leave_per_s: float) -> float:
    """The share of all who come that finds nobody free."""
    return 1.0 - _free(people, per_s * handling_s, handling_s * leave_per_s)[0]


@lru_cache(maxsize=8192)
def people_needed(per_s: float, handling_s: float, leave_per_s: float, within_s: float, share: float) -> int:
    """The smallest number of people that greets `share` of all who come within `within_s`.

    Nobody for no shoppers. At most MAX_PEOPLE.
    """
    if per_s <= 0 or handling_s <= 0:
        return 0
    load = per_s * handling_s
    low, high = 0, min(MAX_PEOPLE, max(1, round(load + 2 * sqrt(load))))  # `low` are too few
    while high < MAX_PEOPLE and greeted_share(high, per_s, handling_s, leave_per_s, within_s) < share:
        low, high = high, min(MAX_PEOPLE, 2 * high)
    while high - low > 1:
        middle = (low + high) // 2
        if greeted_share(middle, per_s, handling_s, leave_per_s, within_s) < share:
            low = middle
        else:
            high = middle
    return high


def _free(people: int, load: float, impatience: float) -> tuple[float, float]:
    """The probability that somebody is free, and the logarithm of that exactly one person is.

    The chances of the numbers of shoppers are compared with that of `people - 1`, as logarithms: far from
    it they are too large or too small for a float. `impatience` is how many of those who wait leave during
    one handling time.
    """
    below = [0.0]
    for n in range(people - 1, 0, -1):
        below.append(below[-1] + log(n / load))
        if n < load and below[-1] < max(below[-2], 0.0) - NEGLIGIBLE_LOG:
            break
    above = [log(load / people)]
    if impatience <= 0:  # a geometric series
        above[0] -= log(1 - load / people)
    while impatience > 0:
        growth = load / (people + len(above) * impatience)
        above.append(above[-1] + log(growth))
        if growth < 1 and above[-1] - log(1 - growth) < max(above[0], 0.0) - NEGLIGIBLE_LOG:
            break
    highest = max(0.0, *below, *above)
    free = sum(exp(chance - highest) for chance in below)
    every = free + sum(exp(chance - highest) for chance in above)
    return free / every, -highest - log(every)


def _served_after_waiting(
    log_one_free: float, people: int, per_s: float, handling_s: float, leave_per_s: float, within_s: float
) -> float:
    """∫₀ᵀ e^(−θx) · v(x) dx by Simpson's rule."""
    if within_s <= 0:
        return 0.0
    end_per_s = people / handling_s + leave_per_s

    def density(x: float) -> float:
        came = (1 - exp(-leave_per_s * x)) / leave_per_s if leave_per_s > 0 else x
        return exp(log_one_free + per_s * came - end_per_s * x)

    steps = 2 * min(MAX_STEPS, max(MIN_STEPS, ceil(2 * within_s * end_per_s)))
    width = within_s / steps
    odd = sum(density(width * n) for n in range(1, steps, 2))
    even = sum(density(width * n) for n in range(2, steps, 2))
    return per_s * width / 3 * (density(0) + 4 * odd + 2 * even + density(within_s))
