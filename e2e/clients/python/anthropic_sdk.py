"""PyPI anthropic: Messages and its count of tokens."""
import anthropic
from pydantic import BaseModel

import suite
from suite import Answer


class City(BaseModel):
    city: str
    population: int
    languages: list[str]


def client(case):
    return anthropic.Anthropic(
        base_url=case.url,
        api_key=case.key,
        default_headers=case.headers,
        max_retries=0,
        timeout=suite.TIMEOUT_S,
    )


class Messages:
    name = "py anthropic"
    scenarios = (*suite.TEXT, "count-tokens")
    finish = {"stop": "end_turn", "tools": "tool_use"}
    errors = {
        "key": (anthropic.AuthenticationError, 401),
        "model": (anthropic.NotFoundError, 404),
        "rate": (anthropic.RateLimitError, 429),
        "broken": (anthropic.APIStatusError, None),
    }

    def status(self, error):
        return error.status_code

    def plain(self, case, system, user):
        return self.answer(client(case).messages.create(**self.said(case, system, user)))

    def stream(self, case, system, user):
        with client(case).messages.stream(**self.said(case, system, user)) as events:
            pieces = sum(1 for _ in events.text_stream)
            answer = self.answer(events.get_final_message())
        answer.pieces = pieces
        return answer

    def turns(self, case, system, first, second, image):
        request = self.said(case, system, first)
        before = client(case).messages.create(**request)
        request["messages"].append({"role": "assistant", "content": before.content})
        picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": image}}
        request["messages"].append({"role": "user", "content": [{"type": "text", "text": second}, picture]})
        return self.answer(before), self.answer(client(case).messages.create(**request))

    def tools(self, case, prompt, ask, streamed):
        sdk = client(case)
        turns = [{"role": "user", "content": prompt}]
        request = {
            "model": case.model,
            "max_tokens": suite.MAX_TOKENS,
            "messages": turns,
            "tools": [
                {"name": name, "description": ask[name]["description"], "input_schema": ask[name]["schema"]} for name in ask["results"]
            ],
        }

        def turn():
            if not streamed:
                return sdk.messages.create(**request)
            with sdk.messages.stream(**request) as events:
                return events.get_final_message()

        message = turn()
        turns.append({"role": "assistant", "content": message.content})
        results = [
            {"type": "tool_result", "tool_use_id": block.id, "content": ask["results"][block.name]}
            for block in message.content
            if block.type == "tool_use"
        ]
        turns.append({"role": "user", "content": results})
        return self.answer(message), self.answer(turn())

    def structured(self, case, prompt, streamed):
        sdk = client(case)
        request = {
            "model": case.model,
            "max_tokens": suite.MAX_TOKENS,
            "messages": [{"role": "user", "content": prompt}],
            "output_format": City,
        }
        if streamed:
            with sdk.messages.stream(**request) as events:
                message = events.get_final_message()
        else:
            message = sdk.messages.parse(**request)
        return message.parsed_output.model_dump(), self.answer(message)

    def count(self, case, user):
        return client(case).messages.count_tokens(model=case.model, messages=[{"role": "user", "content": user}]).input_tokens

    @staticmethod
    def said(case, system, user):
        return {
            "model": case.model,
            "max_tokens": suite.MAX_TOKENS,
            "system": system,
            "messages": [{"role": "user", "content": user}],
        }

    @staticmethod
    def answer(message):
        text = "".join(block.text for block in message.content if block.type == "text")
        calls = [(block.name, block.input) for block in message.content if block.type == "tool_use"]
        usage = message.usage
        read = usage.input_tokens + (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0)
        return Answer(text, message.stop_reason, read, usage.output_tokens, calls)


suite.run(Messages())
