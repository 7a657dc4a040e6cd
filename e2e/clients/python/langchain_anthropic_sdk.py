"""PyPI langchain-anthropic: ChatAnthropic, with its two ways to structured output."""
import anthropic
from langchain_anthropic import ChatAnthropic

import langchain_chat
import suite


class Anthropic(langchain_chat.Chat):
    errors = {
        "key": (anthropic.AuthenticationError, 401),
        "model": (anthropic.NotFoundError, 404),
        "rate": (anthropic.RateLimitError, 429),
        "broken": (anthropic.APIStatusError, None),
    }

    def __init__(self, method):
        self.structured_method = method
        by_tool = method == "function_calling"
        self.name = "py langchain-anthropic" + (" by tool" if by_tool else "")
        self.finish = {"stop": "end_turn", "tools": "tool_use", "structured": "tool_use" if by_tool else "end_turn"}

    def model(self, case):
        return ChatAnthropic(
            model=case.model,
            base_url=case.url,
            api_key=case.key,
            default_headers=case.headers,
            max_retries=0,
            timeout=suite.TIMEOUT_S,
            max_tokens=suite.MAX_TOKENS,
            stream_usage=True,
        )

    def reason(self, message):
        return message.response_metadata["stop_reason"]


suite.run(Anthropic("json_schema"), Anthropic("function_calling"))
