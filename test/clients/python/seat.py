"""Drives a client through its scenes, and prints what its user sees, one JSON line per scene."""

import json
import os
import time

WEATHER = {
    "name": "weather",
    "description": "The weather in a city.",
    "schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


def take_seat(play):
    """Calls `play(scene, seen)` for each scene. What it notes in `seen` before an error counts too."""
    setting = json.loads(os.environ["SETTING"])
    for scene in setting["scenes"]:
        seen = {"text": "", "tools": [], "finish": None}
        began = time.monotonic()
        error = None
        try:
            play({**scene, "url": setting["url"], "model": setting["model"]}, seen)
        except Exception as thrown:  # noqa: BLE001 - whatever it is, the user sees it
            error = {"type": type(thrown).__name__, "status": getattr(thrown, "status_code", None), "message": str(thrown)}
        ms = round((time.monotonic() - began) * 1000)
        print(json.dumps({"scene": scene["name"], **seen, "error": error, "ms": ms}, default=str), flush=True)
