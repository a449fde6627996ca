"""
What the speaker says: QEMU writes it to a sound file, and a tone is counted in samples, so no clock has a part in it.
"""

import array
import subprocess
from collections import Counter

from lib.build import BUILD, RUN_QEMU

RATE = 44100
HEADER = 44     # bytes of a WAV file before its samples: 16 bits, left and right


def half_waves(path):
    """The lengths of the half waves, in samples, in order."""
    samples = array.array("h", path.read_bytes()[HEADER:][:-4])[::2]
    edges = [at for at in range(1, len(samples)) if (samples[at] > 0) != (samples[at - 1] > 0)]
    return [after - before for before, after in zip(edges, edges[1:])]


def test_tones_have_their_frequencies(built, tmp_path):
    sound = tmp_path / "sound.wav"
    subprocess.run([RUN_QEMU, "--timeout", "100", "--add", BUILD / "tests/tone.exe",
                    "--run", "load beep; run tone 1000 300; run tone 250 300", "--",
                    "-audiodev", f"wav,id=speaker,path={sound}", "-machine", "pcspk-audiodev=speaker"],
                   stdin=subprocess.DEVNULL, capture_output=True, check=True)
    found = Counter(half_waves(sound))
    for hertz in (1000, 250):
        length = RATE // (2 * hertz)
        assert found[length] + found[length + 1] > 10, f"{hertz} Hz: {found.most_common(6)}"
    # A tone ends where the next begins, or in silence: little else is to be heard.
    rest = sum(count for length, count in found.items() if length not in (22, 23, 88, 89))
    assert rest <= 4, found.most_common(10)
