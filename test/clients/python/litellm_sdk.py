"""litellm over the format named by the first argument: `openai`, `anthropic`, `gemini`."""

import sys

import litellm

from seat import WEATHER, take_seat

PATHS = {"openai": "/openai/v1", "anthropic": "/anthropic", "gemini": "/gemini/v1beta"}
FORMAT = sys.argv[1]
FUNCTION = {"name": WEATHER["name"], "description": WEATHER["description"], "parameters": WEATHER["schema"]}


def play(scene, seen):
    tools = {"tools": [{"type": "function", "function": FUNCTION}]} if scene["withTool"] else {}
    stream = litellm.completion(
        model=f"{FORMAT}/{scene['model']}",
        api_base=scene["url"] + PATHS[FORMAT],
        api_key=scene["key"],
        messages=[{"role": "user", "content": scene["prompt"]}],
        stream=True,
        stream_options={"include_usage": True},
        **tools,
    )
    for chunk in stream:
        for choice in chunk.choices:
            seen["text"] += choice.delta.content or ""
            seen["tools"] += [call.function.name for call in choice.delta.tool_calls or [] if call.function.name]
            seen["finish"] = choice.finish_reason or seen["finish"]
        if getattr(chunk, "usage", None):
            seen["output"] = chunk.usage.completion_tokens


take_seat(play)
