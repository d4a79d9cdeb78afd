"""instructor over the format named by the first argument: `openai`, `anthropic`, `google`. It requests an object through a tool call."""

import sys

import instructor
from pydantic import BaseModel

from seat import take_seat


class Weather(BaseModel):
    """The weather in a city."""

    city: str


def client_of(format_name, scene):
    url, model, key = scene["url"], scene["model"], scene["key"]
    if format_name == "openai":
        from openai import OpenAI

        return instructor.from_openai(OpenAI(base_url=f"{url}/openai/v1", api_key=key)), {"model": model}
    if format_name == "anthropic":
        from anthropic import Anthropic

        return instructor.from_anthropic(Anthropic(base_url=f"{url}/anthropic", api_key=key)), {"model": model, "max_tokens": 8000}
    from google import genai

    client = genai.Client(api_key=key, http_options=genai.types.HttpOptions(base_url=f"{url}/gemini"))
    return instructor.from_genai(client, mode=instructor.Mode.GENAI_TOOLS), {"model": model}


def play(scene, seen):
    client, options = client_of(sys.argv[1], scene)
    messages = [{"role": "user", "content": scene["prompt"]}]
    for partial in client.chat.completions.create_partial(response_model=Weather, messages=messages, **options):
        seen["text"] = partial.city or ""
    seen["tools"].append("weather")


take_seat(play)
