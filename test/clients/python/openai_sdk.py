"""OpenAI's SDK: `chat` or `responses`."""

import sys

from openai import OpenAI

from seat import WEATHER, take_seat

FUNCTION = {"name": WEATHER["name"], "description": WEATHER["description"], "parameters": WEATHER["schema"]}


def chat(scene, seen):
    client = OpenAI(base_url=f"{scene['url']}/openai/v1", api_key=scene["key"])
    tools = {"tools": [{"type": "function", "function": FUNCTION}]} if scene["withTool"] else {}
    messages = [{"role": "user", "content": scene["prompt"]}]
    options = {"include_usage": True}
    for chunk in client.chat.completions.create(model=scene["model"], messages=messages, stream=True, stream_options=options, **tools):
        for choice in chunk.choices:
            seen["text"] += choice.delta.content or ""
            seen["tools"] += [call.function.name for call in choice.delta.tool_calls or [] if call.function.name]
            seen["finish"] = choice.finish_reason or seen["finish"]
        if chunk.usage:
            seen["output"] = chunk.usage.completion_tokens


def responses(scene, seen):
    client = OpenAI(base_url=f"{scene['url']}/openai/v1", api_key=scene["key"])
    tools = {"tools": [{"type": "function", "strict": False, **FUNCTION}]} if scene["withTool"] else {}
    for event in client.responses.create(model=scene["model"], input=scene["prompt"], stream=True, **tools):
        if event.type == "response.output_text.delta":
            seen["text"] += event.delta
        elif event.type == "response.output_item.done" and event.item.type == "function_call":
            seen["tools"].append(event.item.name)
        elif event.type in ("response.completed", "response.incomplete", "response.failed"):
            seen["finish"] = event.response.status
            seen["output"] = event.response.usage and event.response.usage.output_tokens


take_seat(responses if sys.argv[1:] == ["responses"] else chat)
