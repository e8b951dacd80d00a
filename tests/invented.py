"""Discussions made up on the spot: posts of plausible length, rare and common words, seeded."""

from __future__ import annotations

import random

_COMMON = "the a of to and it is that in was for on you with as be this have not at but they from so if or just"
_RARE = (
    "kettle harbour lantern gasket orchard parapet ledger turbine meadow copper saddle violin glacier bramble furnace "
    "pigeon ratchet sextant thistle beacon cobble drizzle ember ferry gravel hammock inlet juniper keel loom marble "
    "nettle otter pulley quarry rudder spindle trellis umber valve walnut yarrow zinc anvil barley cinder dune eddy"
)
_WORDS = (_COMMON.split(), _RARE.split())
SHORT = ("I agree.", "lol", "This.", "No.", "Source?", "Thanks!", "Same here")


def invent_sentence(rng: random.Random) -> str:
    """Eight to sixteen words, half of them rare."""
    words = [rng.choice(_WORDS[rng.random() < 0.5]) for _ in range(rng.randint(8, 16))]
    return " ".join(words).capitalize() + rng.choice(".!?")


def invent_post(rng: random.Random) -> str:
    """One to three sentences."""
    return " ".join(invent_sentence(rng) for _ in range(rng.randint(1, 3)))


def invent_page(n: int, seed: int = 0, short: float = 0.2) -> list[str]:
    """n posts in page order; a share of them are short replies that may stand more than once."""
    rng = random.Random(seed)
    return [rng.choice(SHORT) if rng.random() < short else invent_post(rng) for _ in range(n)]
