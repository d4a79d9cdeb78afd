"""Anthropic's SDK, with its stream helper."""

from anthropic import Anthropic

from seat import WEATHER, take_seat


def play(scene, seen):
    client = Anthropic(base_url=f"{scene['url']}/anthropic", api_key=scene["key"])
    tool = {"name": WEATHER["name"], "description": WEATHER["description"], "input_schema": WEATHER["schema"]}
    tools = {"tools": [tool]} if scene["withTool"] else {}
    messages = [{"role": "user", "content": scene["prompt"]}]
    with client.messages.stream(model=scene["model"], max_tokens=8000, messages=messages, **tools) as stream:
        for event in stream:
            if event.type == "text":
                seen["text"] += event.text
            elif event.type == "content_block_stop" and event.content_block.type == "tool_use":
                seen["tools"].append(event.content_block.name)
            elif event.type == "message_delta":
                seen["finish"] = event.delta.stop_reason
                seen["output"] = event.usage.output_tokens


take_seat(play)
