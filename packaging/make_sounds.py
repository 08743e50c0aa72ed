"""Makes the sounds, from nothing but sines: short, warm and calm, like wooden bars struck softly.

python packaging/make_sounds.py            # writes assets/sounds/*.wav
"""

import argparse
import math
import sys
import wave
from array import array
from pathlib import Path

TARGET = Path(__file__).parent.parent / "assets" / "sounds"
RATE = 22_050  # samples a second
ATTACK_S = 0.006  # a softer beginning than a click
FADE_S = 0.03

# A marimba bar: the tone, and its overtones two octaves and about three and a third above. Each with
# its strength and how fast it dies away, relative to the tone.
OVERTONES = ((1.0, 1.0, 1.0), (4.0, 0.22, 2.6), (9.9, 0.05, 6.0))

C4, G4, A4, C5, D5, E5, G5, A5 = 261.63, 392.0, 440.0, 523.25, 587.33, 659.25, 783.99, 880.0

# When it begins and how long it rings, in seconds; its pitch in Hz; its strength.
Note = tuple[float, float, float, float]

# A sound: its length in seconds, its loudest sample (1 is full scale), and its notes.
SOUNDS: dict[str, tuple[float, float, list[Note]]] = {
    # The tablet rings. It ends in silence, so it can be played again and again.
    "offer": (
        1.2,
        0.55,
        [(0.0, 0.7, E5, 1.0), (0.0, 0.7, A4, 0.35), (0.24, 0.9, C5, 1.0), (0.24, 0.9, C4, 0.3)],
    ),
    "accepted": (0.7, 0.45, [(0.0, 0.25, C5, 0.8), (0.11, 0.45, G5, 1.0)]),
    "done": (
        1.0,
        0.45,
        [(0.0, 0.3, C5, 0.8), (0.12, 0.35, E5, 0.9), (0.24, 0.6, G5, 1.0), (0.24, 0.6, C4, 0.3)],
    ),
    # The kiosk calls a ticket: it may be noisy in the shop, so this one is longer and brighter.
    "called": (
        1.6,
        0.7,
        [
            (0.0, 0.4, G5, 1.0),
            (0.2, 0.4, E5, 1.0),
            (0.4, 0.5, G5, 1.0),
            (0.6, 0.9, A5, 1.0),
            (0.6, 0.9, D5, 0.4),
        ],
    ),
    "tap": (0.09, 0.14, [(0.0, 0.05, A4, 1.0)]),
    # Something needs care: low, twice, and no siren.
    "alert": (1.1, 0.5, [(0.0, 0.35, G4, 1.0), (0.3, 0.6, G4, 1.0), (0.3, 0.6, C4, 0.6)]),
}


def struck(length: int, note: Note) -> list[float]:
    """One note of one bar, as `length` samples. It has sunk to a thousandth when its time is over."""
    begin_s, ring_s, pitch, strength = note
    samples = [0.0] * length
    first = int(begin_s * RATE)
    for at in range(first, length):
        t = (at - first) / RATE
        attack = min(1.0, t / ATTACK_S)
        samples[at] = (
            strength
            * attack
            * sum(
                level * math.exp(-6.9 * dies * t / ring_s) * math.sin(2 * math.pi * pitch * times * t)
                for times, level, dies in OVERTONES
                if pitch * times < RATE / 2  # what the file cannot hold would come back as a false tone
            )
        )
    return samples


def render(length_s: float, peak: float, notes: list[Note]) -> bytes:
    """All notes together, 16 bits a sample, no louder than `peak` and silent at the end."""
    length = int(length_s * RATE)
    mixed = [sum(at_once) for at_once in zip(*(struck(length, note) for note in notes), strict=True)]
    loudest = max(abs(sample) for sample in mixed)
    fade = int(FADE_S * RATE)
    samples = array(
        "h",
        (
            round(sample / loudest * peak * 32767 * min(1.0, (length - 1 - at) / fade))
            for at, sample in enumerate(mixed)
        ),
    )
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", type=Path, default=TARGET, help="folder to write to")
    args = parser.parse_args()
    args.target.mkdir(parents=True, exist_ok=True)
    for name, (length_s, peak, notes) in SOUNDS.items():
        path = args.target / f"{name}.wav"
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(render(length_s, peak, notes))
        print(f"{path.name}  {length_s:.2f} s  {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
