"""Google's SDK."""

from google import genai
from google.genai import types

from seat import WEATHER, take_seat


def play(scene, seen):
    options = types.HttpOptions(base_url=f"{scene['url']}/gemini")
    client = genai.Client(api_key=scene["key"], http_options=options)
    declaration = {"name": WEATHER["name"], "description": WEATHER["description"], "parameters_json_schema": WEATHER["schema"]}
    config = {"tools": [{"function_declarations": [declaration]}]} if scene["withTool"] else {}
    for chunk in client.models.generate_content_stream(model=scene["model"], contents=scene["prompt"], config=config):
        for candidate in chunk.candidates or []:
            for part in (candidate.content and candidate.content.parts) or []:
                seen["text"] += part.text or ""
                if part.function_call:
                    seen["tools"].append(part.function_call.name)
            if candidate.finish_reason:
                seen["finish"] = candidate.finish_reason.name
                seen["notes"] = [candidate.finish_message] if candidate.finish_message else []
        if chunk.usage_metadata:
            seen["output"] = chunk.usage_metadata.candidates_token_count


take_seat(play)
