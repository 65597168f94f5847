"""Pictures as phones make them, on their way to WeCom, which shows JPEG and PNG."""

import re
import unittest

from support.bridge import Bridge
from support.ffmpeg import FFMPEG, run
from support.heif import SIDE, picture

WIDTH = 400


def look(shown):
    """Width and height of a JPEG, and the colours of its left and right end."""
    told = run("-f", "image2pipe", "-i", "pipe:0", "-f", "null", "-", words=shown).stderr.decode()
    width, height = (int(side) for side in re.search(r"Video: mjpeg.*?, (\d+)x(\d+)", told).groups())
    raw = ("-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1")
    pixels = run("-loglevel", "error", "-f", "image2pipe", "-i", "pipe:0", *raw, words=shown).stdout
    return (width, height), pixels[:3], pixels[3 * (width - 1) : 3 * width]


class Pictures(unittest.TestCase):
    def bridge(self, ffmpeg):
        bridge = Bridge(ffmpeg)
        self.addCleanup(bridge.close)
        return bridge

    def test_a_picture_of_tiles_is_shown_whole(self):
        for form in ("heic", "avif"):
            with self.subTest(form):
                made = picture(form, ("red", "blue"), WIDTH)
                kind, name, shown = self.bridge(FFMPEG).shows(f"IMG_1.{form}", f"image/{form}", made)
                self.assertEqual((kind, name), ("image", "IMG_1.jpg"))
                size, left, right = look(shown)
                self.assertEqual(size, (WIDTH, SIDE))
                self.assertTrue(left[0] > 200 > 60 > left[2] and right[2] > 200 > 60 > right[0], (left, right))

    def test_without_the_program_it_goes_as_a_file(self):
        made = picture("avif", ("red",), SIDE)
        self.assertEqual(self.bridge("").shows("IMG_1.avif", "image/avif", made), ("file", "IMG_1.avif", made))
