"""pydantic-ai over the format named by the first argument: `openai`, `openai-responses`, `anthropic`, `google`."""

import sys

from pydantic_ai import Agent

from seat import take_seat


def model_of(format_name, scene):
    url, model, key = scene["url"], scene["model"], scene["key"]
    if format_name.startswith("openai"):
        from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
        from pydantic_ai.providers.openai import OpenAIProvider

        kind = OpenAIResponsesModel if format_name == "openai-responses" else OpenAIChatModel
        return kind(model, provider=OpenAIProvider(base_url=f"{url}/openai/v1", api_key=key))
    if format_name == "anthropic":
        from pydantic_ai.models.anthropic import AnthropicModel
        from pydantic_ai.providers.anthropic import AnthropicProvider

        return AnthropicModel(model, provider=AnthropicProvider(base_url=f"{url}/anthropic", api_key=key))
    from pydantic_ai.models.google import GoogleModel
    from pydantic_ai.providers.google import GoogleProvider

    return GoogleModel(model, provider=GoogleProvider(base_url=f"{url}/gemini", api_key=key))


def play(scene, seen):
    agent = Agent(model_of(sys.argv[1], scene), retries=0)
    if scene["withTool"]:

        @agent.tool_plain
        def weather(city: str) -> str:
            seen["tools"].append("weather")
            return f"rain in {city}"

    with agent.run_stream_sync(scene["prompt"]) as result:
        for text in result.stream_text(delta=True):
            seen["text"] += text
        seen["output"] = result.usage().output_tokens


take_seat(play)
