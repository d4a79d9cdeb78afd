"""LangChain's chat models: `openai`, `anthropic`, `google-genai`."""

import sys

from seat import WEATHER, take_seat


def chat_model(format_name, scene):
    url, model, key = scene["url"], scene["model"], scene["key"]
    if format_name == "openai":
        from langchain_openai import ChatOpenAI

        return ChatOpenAI(model=model, base_url=f"{url}/openai/v1", api_key=key, stream_usage=True)
    if format_name == "anthropic":
        from langchain_anthropic import ChatAnthropic

        return ChatAnthropic(model=model, base_url=f"{url}/anthropic", api_key=key, max_tokens=8000)
    from langchain_google_genai import ChatGoogleGenerativeAI

    return ChatGoogleGenerativeAI(model=model, base_url=f"{url}/gemini", google_api_key=key)


def play(scene, seen):
    chat = chat_model(sys.argv[1], scene)
    if scene["withTool"]:
        chat = chat.bind_tools([{"title": WEATHER["name"], "description": WEATHER["description"], **WEATHER["schema"]}])
    whole = None
    for chunk in chat.stream(scene["prompt"]):
        whole = chunk if whole is None else whole + chunk
        text = whole.text
        seen["text"] = text if isinstance(text, str) else text()
        seen["tools"] = [call["name"] for call in whole.tool_calls]
        metadata = whole.response_metadata
        seen["finish"] = metadata.get("finish_reason") or metadata.get("stop_reason")
        seen["output"] = (whole.usage_metadata or {}).get("output_tokens")


take_seat(play)
