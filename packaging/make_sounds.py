"""Makes the sounds from sine waves: short, warm and calm, like a softly struck marimba.

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
ATTACK_S = 0.006  # without it each note begins with a click
FADE_S = 0.03

# A marimba bar: the tone, and its overtones two octaves and about three and a third octaves above. Each
# has its frequency, its strength and its decay, relative to the tone.
OVERTONES = ((1.0, 1.0, 1.0), (4.0, 0.22, 2.6), (9.9, 0.05, 6.0))

C4, G4, A4, C5, D5, E5, G5, A5 = 261.63, 392.0, 440.0, 523.25, 587.33, 659.25, 783.99, 880.0

# Start and length in seconds; pitch in Hz; strength.
Note = tuple[float, float, float, float]

# A sound: its length in seconds, its peak (1 is full scale), and its notes.
SOUNDS: dict[str, tuple[float, float, list[Note]]] = {
    # The tablet rings. It ends in silence, so that it can be repeated.
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
    # The kiosk calls a ticket. The shop may be noisy, so this sound is longer and brighter.
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
    # Something needs attention: low, twice, not a siren.
    "alert": (1.1, 0.5, [(0.0, 0.35, G4, 1.0), (0.3, 0.6, G4, 1.0), (0.3, 0.6, C4, 0.6)]),
}


def struck(length: int, note: Note) -> list[float]:
    """One note as `length` samples. It decays to a thousandth within its length."""
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
                level * math.exp(-6.9 * decay * t / ring_s) * math.sin(2 * math.pi * pitch * times * t)
                for times, level, decay in OVERTONES
                if pitch * times < RATE / 2  # a higher frequency would alias to a wrong tone
            )
        )
    return samples


def render(length_s: float, peak: float, notes: list[Note]) -> bytes:
    """Mixes the notes: 16 bits per sample, at most `peak`, faded out at the end."""
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
