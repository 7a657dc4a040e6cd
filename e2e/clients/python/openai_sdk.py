"""PyPI openai: chat completions and Responses; embeddings, images and speech."""
import json

import openai
from pydantic import BaseModel

import suite
from suite import Answer


class City(BaseModel):
    city: str
    population: int
    languages: list[str]


ERRORS = {
    "key": (openai.AuthenticationError, 401),
    "model": (openai.NotFoundError, 404),
    "rate": (openai.RateLimitError, 429),
    "broken": (openai.APIError, None),
}


def client(case):
    return openai.OpenAI(
        base_url=case.url + "/v1",
        api_key=case.key,
        default_headers=case.headers,
        max_retries=0,
        timeout=suite.TIMEOUT_S,
    )


class Chat:
    name = "py openai chat"
    scenarios = (*suite.TEXT, "embeddings", *suite.MEDIA)
    finish = {"stop": "stop", "tools": "tool_calls"}
    errors = ERRORS

    def status(self, error):
        return error.status_code

    def plain(self, case, system, user):
        return self.answer(client(case).chat.completions.create(**self.said(case, system, user)))

    def stream(self, case, system, user):
        return self.streamed(client(case), **self.said(case, system, user))

    def turns(self, case, system, first, second, image):
        request = self.said(case, system, first)
        before = client(case).chat.completions.create(**request)
        request["messages"].append(before.choices[0].message.model_dump(exclude_none=True))
        picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + image}}
        request["messages"].append({"role": "user", "content": [{"type": "text", "text": second}, picture]})
        return self.answer(before), self.answer(client(case).chat.completions.create(**request))

    def tools(self, case, prompt, ask, streamed):
        sdk = client(case)
        functions = [
            {"type": "function", "function": {"name": name, "description": ask[name]["description"], "parameters": ask[name]["schema"]}}
            for name in ask["results"]
        ]
        messages = [{"role": "user", "content": prompt}]
        request = {"model": case.model, "max_completion_tokens": suite.MAX_TOKENS, "messages": messages, "tools": functions}

        def turn():
            if not streamed:
                completion = sdk.chat.completions.create(**request)
            else:
                with sdk.chat.completions.stream(**request, stream_options={"include_usage": True}) as events:
                    completion = events.get_final_completion()
            return completion.choices[0].message, self.answer(completion)

        message, first = turn()
        messages.append(message.model_dump(exclude_none=True, exclude={"parsed"}))
        for call in message.tool_calls or []:
            messages.append({"role": "tool", "tool_call_id": call.id, "content": ask["results"][call.function.name]})
        return first, turn()[1]

    def structured(self, case, prompt, streamed):
        sdk = client(case)
        request = {
            "model": case.model,
            "messages": [{"role": "user", "content": prompt}],
            "max_completion_tokens": suite.MAX_TOKENS,
            "response_format": City,
        }
        if streamed:
            with sdk.chat.completions.stream(**request, stream_options={"include_usage": True}) as events:
                completion = events.get_final_completion()
        else:
            completion = sdk.chat.completions.parse(**request)
        return completion.choices[0].message.parsed.model_dump(), self.answer(completion)

    def embed(self, case, texts, dimensions):
        # the SDK asks for base64 and decodes it, unless it is told a format
        told = {} if isinstance(texts, str) else {"encoding_format": "float"}
        answer = client(case).embeddings.create(model=case.model, input=texts, dimensions=dimensions, **told)
        suite.expect("indices", [one.index for one in answer.data], list(range(len(answer.data))))
        suite.expect("tokens", [answer.usage.prompt_tokens, answer.usage.total_tokens], [suite.ASK["tokens"]] * 2)
        return [one.embedding for one in answer.data]

    def paint(self, case, prompt, count):
        raw = client(case).images.with_raw_response.generate(model=case.model, prompt=prompt, n=count)
        return [one.b64_json for one in raw.parse().data], raw.headers["x-tollgate-cost-usd"]

    def speak(self, case, text):
        raw = client(case).audio.speech.with_raw_response.create(model=case.model, voice="alloy", input=text)
        return raw.parse().read(), raw.headers["content-type"], raw.headers["x-tollgate-cost-usd"]

    @staticmethod
    def said(case, system, user):
        return {
            "model": case.model,
            "max_completion_tokens": suite.MAX_TOKENS,
            "messages": [{"role": "system", "content": system}, {"role": "user", "content": user}],
        }

    def streamed(self, sdk, **request):
        pieces = 0
        with sdk.chat.completions.stream(**request, stream_options={"include_usage": True}) as events:
            for event in events:
                pieces += event.type == "content.delta"
            answer = self.answer(events.get_final_completion())
        answer.pieces = pieces
        return answer

    @staticmethod
    def answer(completion):
        choice = completion.choices[0]
        calls = [(call.function.name, json.loads(call.function.arguments)) for call in choice.message.tool_calls or []]
        usage = completion.usage
        return Answer(choice.message.content or "", choice.finish_reason, usage.prompt_tokens, usage.completion_tokens, calls)


class Responses:
    name = "py openai responses"
    finish = {"stop": "completed", "tools": "completed"}
    errors = ERRORS

    def status(self, error):
        return error.status_code

    def plain(self, case, system, user):
        return self.answer(client(case).responses.create(**self.said(case, system, user)))

    def stream(self, case, system, user):
        pieces, numbers = 0, []
        with client(case).responses.stream(**self.said(case, system, user)) as events:
            for event in events:
                pieces += event.type == "response.output_text.delta"
                numbers.append(event.sequence_number)
            answer = self.answer(events.get_final_response())
        suite.expect("sequence numbers", numbers, list(range(len(numbers))))
        answer.pieces = pieces
        return answer

    def turns(self, case, system, first, second, image):
        request = self.said(case, system, first)
        before = client(case).responses.create(**request)
        picture = {"type": "input_image", "image_url": "data:image/png;base64," + image, "detail": "auto"}
        request["input"] = [
            {"role": "user", "content": first},
            *(item.model_dump(exclude_none=True) for item in before.output),
            {"role": "user", "content": [{"type": "input_text", "text": second}, picture]},
        ]
        return self.answer(before), self.answer(client(case).responses.create(**request))

    def tools(self, case, prompt, ask, streamed):
        sdk = client(case)
        functions = [
            {"type": "function", "name": name, "description": ask[name]["description"], "parameters": ask[name]["schema"], "strict": True}
            for name in ask["results"]
        ]
        turns = [{"role": "user", "content": prompt}]
        request = {
            "model": case.model,
            "input": turns,
            "tools": functions,
            "store": False,
            "max_output_tokens": suite.MAX_TOKENS,
        }

        def turn():
            if not streamed:
                return sdk.responses.create(**request)
            with sdk.responses.stream(**request) as events:
                return events.get_final_response()

        response = turn()
        for item in response.output:
            turns.append(item.model_dump(exclude_none=True, exclude={"parsed_arguments"}))
        for item in response.output:
            if item.type == "function_call":
                turns.append({"type": "function_call_output", "call_id": item.call_id, "output": ask["results"][item.name]})
        return self.answer(response), self.answer(turn())

    def structured(self, case, prompt, streamed):
        sdk = client(case)
        request = {
            "model": case.model,
            "input": prompt,
            "text_format": City,
            "store": False,
            "max_output_tokens": suite.MAX_TOKENS,
        }
        if streamed:
            with sdk.responses.stream(**request) as events:
                response = events.get_final_response()
        else:
            response = sdk.responses.parse(**request)
        return response.output_parsed.model_dump(), self.answer(response)

    @staticmethod
    def said(case, system, user):
        return {
            "model": case.model,
            "instructions": system,
            "input": user,
            "store": False,
            "max_output_tokens": suite.MAX_TOKENS,
        }

    @staticmethod
    def answer(response):
        calls = [(item.name, json.loads(item.arguments)) for item in response.output if item.type == "function_call"]
        return Answer(response.output_text, response.status, response.usage.input_tokens, response.usage.output_tokens, calls)


suite.run(Chat(), Responses())
