"""PyPI langchain-openai: ChatOpenAI over chat completions and over Responses."""
import openai
from langchain_openai import ChatOpenAI

import langchain_chat
import suite


class OpenAi(langchain_chat.Chat):
    structured_method = "json_schema"

    def __init__(self, responses):
        self.responses = responses
        self.name = "py langchain-openai " + ("responses" if responses else "chat")
        self.finish = {"stop": "completed", "tools": "completed"} if responses else {"stop": "stop", "tools": "tool_calls"}

        self.errors = {
            "key": (openai.AuthenticationError, 401),
            "model": (openai.NotFoundError, 404),
            "rate": (openai.RateLimitError, 429),
            "broken": (ValueError if responses else openai.APIError, None),  # ValueError is what it makes of response.failed
        }

    def model(self, case):
        return ChatOpenAI(
            model=case.model,
            base_url=case.url + "/v1",
            api_key=case.key,
            default_headers=case.headers,
            max_retries=0,
            timeout=suite.TIMEOUT_S,
            max_tokens=suite.MAX_TOKENS,
            stream_usage=True,
            use_responses_api=self.responses,
        )

    def reason(self, message):
        return message.response_metadata["status" if self.responses else "finish_reason"]


suite.run(OpenAi(responses=False), OpenAi(responses=True))
