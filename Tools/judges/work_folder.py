"""A folder for what a program writes, gone when it ends, also where it is interrupted or told to end."""
import atexit
import os
import shutil
import signal
import sys
import tempfile


def within(root):
    os.makedirs(root, exist_ok=True)
    folder = tempfile.mkdtemp(dir=root)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    return folder
