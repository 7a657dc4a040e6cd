"""PyPI google-genai: generateContent and its stream, embeddings and counts of tokens."""
import base64

from google import genai
from google.genai import errors, types
from pydantic import BaseModel

import suite
from suite import Answer


class City(BaseModel):
    city: str
    population: int
    languages: list[str]


def client(case):
    return genai.Client(
        api_key=case.key,
        http_options=types.HttpOptions(base_url=case.url, headers=case.headers, timeout=suite.TIMEOUT_S * 1000),
    )


class GenerateContent:
    name = "py google-genai"
    scenarios = (*suite.TEXT, "embeddings", "count-tokens")
    finish = {"stop": "STOP", "tools": "STOP"}
    errors = {
        "key": (errors.ClientError, 401),
        "model": (errors.ClientError, 404),
        "rate": (errors.ClientError, 429),
        "broken": (errors.APIError, None),
    }

    def status(self, error):
        return error.code

    def plain(self, case, system, user):
        with client(case) as sdk:
            return self.answer(sdk.models.generate_content(model=case.model, contents=user, config=self.config(system_instruction=system)))

    def stream(self, case, system, user):
        return self.streamed(case, user, self.config(system_instruction=system))[1]

    def turns(self, case, system, first, second, image):
        with client(case) as sdk:
            chat = sdk.chats.create(model=case.model, config=self.config(system_instruction=system))
            before = chat.send_message(first)
            picture = types.Part.from_bytes(data=base64.b64decode(image), mime_type="image/png")
            return self.answer(before), self.answer(chat.send_message([second, picture]))

    def tools(self, case, prompt, ask, streamed):
        functions = [
            types.FunctionDeclaration(name=name, description=ask[name]["description"], parameters_json_schema=ask[name]["schema"])
            for name in ask["results"]
        ]
        config = self.config(
            tools=[types.Tool(function_declarations=functions)],
            automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
        )
        turns = [types.Content(role="user", parts=[types.Part.from_text(text=prompt)])]

        def turn():
            if streamed:
                return self.streamed(case, turns, config)
            with client(case) as sdk:
                response = sdk.models.generate_content(model=case.model, contents=turns, config=config)
            return response.candidates[0].content.parts, self.answer(response)

        parts, first = turn()
        turns.append(types.Content(role="model", parts=parts))
        results = [
            types.Part(
                function_response=types.FunctionResponse(
                    id=part.function_call.id,
                    name=part.function_call.name,
                    response={"output": ask["results"][part.function_call.name]},
                )
            )
            for part in parts
            if part.function_call
        ]
        turns.append(types.Content(role="user", parts=results))
        return first, turn()[1]

    def structured(self, case, prompt, streamed):
        config = self.config(response_mime_type="application/json", response_schema=City)
        if streamed:
            answer = self.streamed(case, prompt, config)[1]
            return City.model_validate_json(answer.text).model_dump(), answer
        with client(case) as sdk:
            response = sdk.models.generate_content(model=case.model, contents=prompt, config=config)
        return response.parsed.model_dump(), self.answer(response)

    def embed(self, case, texts, dimensions):
        with client(case) as sdk:
            config = types.EmbedContentConfig(output_dimensionality=dimensions)
            answer = sdk.models.embed_content(model=case.model, contents=texts, config=config)
        return [one.values for one in answer.embeddings]

    def count(self, case, user):
        with client(case) as sdk:
            return sdk.models.count_tokens(model=case.model, contents=user).total_tokens

    @staticmethod
    def config(**more):
        return types.GenerateContentConfig(max_output_tokens=suite.MAX_TOKENS, **more)

    def streamed(self, case, contents, config):
        """All parts, and the answer that they make."""
        parts, pieces, last = [], 0, None
        with client(case) as sdk:
            for chunk in sdk.models.generate_content_stream(model=case.model, contents=contents, config=config):
                new = chunk.candidates[0].content.parts if chunk.candidates and chunk.candidates[0].content else None
                pieces += any(part.text for part in new or [])
                parts += new or []
                last = chunk
        answer = self.answer(last, parts)
        answer.pieces = pieces
        return parts, answer

    @staticmethod
    def answer(response, parts=None):
        candidate = response.candidates[0]
        parts = candidate.content.parts if parts is None else parts
        text = "".join(part.text for part in parts if part.text and not part.thought)
        calls = [(part.function_call.name, part.function_call.args) for part in parts if part.function_call]
        usage = response.usage_metadata
        written = (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)
        suite.expect("total tokens", usage.total_token_count, usage.prompt_token_count + written)
        return Answer(text, candidate.finish_reason.value, usage.prompt_token_count, written, calls)


suite.run(GenerateContent())
