"""The ffmpeg that imageio-ffmpeg of PyPI carries."""

import subprocess

import imageio_ffmpeg

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()


def run(*arguments, words=b""):
    command = [FFMPEG, "-hide_banner", "-nostdin", *arguments]
    return subprocess.run(command, input=words, capture_output=True, check=True, timeout=60)
