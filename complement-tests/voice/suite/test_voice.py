"""Spoken words between a client, which plays Ogg with Opus, and WeCom, which plays AMR."""

import re
import unittest

from support.bridge import Bridge
from support.ffmpeg import FFMPEG, run


def tone(seconds, *form):
    """A tone as spoken words in this form."""
    source = ["-f", "lavfi", "-i", f"sine=440:duration={seconds}", "-ac", "1"]
    return run(*source, *form, "pipe:1").stdout


def ogg(seconds):
    return tone(seconds, "-ar", "48000", "-c:a", "libopus", "-f", "ogg")


def amr(seconds):
    return tone(seconds, "-ar", "8000", "-c:a", "libopencore_amrnb", "-b:a", "12.2k", "-f", "amr")


def seconds_of(words):
    """How long words play when they are decoded to their end."""
    told = run("-i", "pipe:0", "-f", "null", "-", words=words).stderr.decode()
    hours, minutes, seconds = re.findall(r"time=(\d+):(\d+):([\d.]+)", told)[-1]
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


class Voice(unittest.TestCase):
    def bridge(self, ffmpeg):
        bridge = Bridge(ffmpeg)
        self.addCleanup(bridge.close)
        return bridge

    def test_what_is_spoken_here_is_played_there(self):
        kind, name, words = self.bridge(FFMPEG).speaks(ogg(2), 2_000)
        self.assertEqual((kind, name), ("voice", "Voice.amr"))
        self.assertTrue(words.startswith(b"#!AMR\n"))
        self.assertAlmostEqual(seconds_of(words), 2, delta=0.2)

    def test_what_is_spoken_there_is_played_here(self):
        content, words = self.bridge(FFMPEG).hears(amr(2))
        self.assertEqual((content["msgtype"], content["info"]["mimetype"]), ("m.audio", "audio/ogg"))
        self.assertTrue(content["filename"].endswith(".ogg"), content)
        self.assertEqual(content["info"]["size"], len(words))
        self.assertAlmostEqual(content["info"]["duration"], 2_000, delta=100)
        self.assertTrue(words.startswith(b"OggS"))
        self.assertAlmostEqual(seconds_of(words), 2, delta=0.2)

    def test_more_than_the_platform_plays_goes_as_a_file_whatever_the_client_says(self):
        words = ogg(61)
        for bridge, milliseconds in ((self.bridge(FFMPEG), 61_000), (self.bridge(FFMPEG), 1_000)):
            self.assertEqual(bridge.speaks(words, milliseconds), ("file", "Voice.ogg", words))

    def test_without_the_program_words_go_as_files_and_come_as_they_are(self):
        bridge = self.bridge("")
        words = ogg(1)
        self.assertEqual(bridge.speaks(words, 1_000), ("file", "Voice.ogg", words))
        words = amr(1)
        content, heard = bridge.hears(words)
        self.assertEqual((content["info"]["mimetype"], heard), ("audio/amr", words))
        self.assertAlmostEqual(content["info"]["duration"], 1_000, delta=100)

    def test_what_only_claims_to_be_sound_goes_as_a_file(self):
        words = b"OggS is how it begins, and nothing else of it is sound."
        self.assertEqual(self.bridge(FFMPEG).speaks(words, 1_000), ("file", "Voice.ogg", words))
