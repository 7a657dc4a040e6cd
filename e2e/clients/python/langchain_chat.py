"""What LangChain's chat models have in common; a file for each package says how its model is made."""
from langchain_core.messages import HumanMessage, SystemMessage, ToolMessage
from pydantic import BaseModel

from suite import Answer


class City(BaseModel):
    """A city and who lives there."""

    city: str
    population: int
    languages: list[str]


class Chat:
    def status(self, error):
        return error.status_code

    def plain(self, case, system, user):
        return self.answer(self.model(case).invoke([SystemMessage(system), HumanMessage(user)]))

    def stream(self, case, system, user):
        message, pieces = self.streamed(self.model(case), [SystemMessage(system), HumanMessage(user)])
        answer = self.answer(message)
        answer.pieces = pieces
        return answer

    def turns(self, case, system, first, second, image):
        messages = [SystemMessage(system), HumanMessage(first)]
        before = self.model(case).invoke(messages)
        picture = {"type": "image", "base64": image, "mime_type": "image/png"}
        messages += [before, HumanMessage([{"type": "text", "text": second}, picture])]
        return self.answer(before), self.answer(self.model(case).invoke(messages))

    def tools(self, case, prompt, ask, streamed):
        functions = [{"title": name, "description": ask[name]["description"], **ask[name]["schema"]} for name in ask["results"]]
        model = self.model(case).bind_tools(functions)
        turns = [HumanMessage(prompt)]

        def turn():
            return self.streamed(model, turns)[0] if streamed else model.invoke(turns)

        message = turn()
        turns.append(message)
        for call in message.tool_calls:
            turns.append(ToolMessage(ask["results"][call["name"]], tool_call_id=call["id"]))
        return self.answer(message), self.answer(turn())

    def structured(self, case, prompt, streamed):
        model = self.model(case).with_structured_output(City, method=self.structured_method, include_raw=True)
        if not streamed:
            taken = model.invoke(prompt)
        else:
            taken = {}
            for part in model.stream(prompt):
                for key, value in part.items():
                    taken[key] = taken[key] + value if key == "raw" and key in taken else value
        if taken["parsing_error"]:
            raise taken["parsing_error"]
        return taken["parsed"].model_dump(), self.answer(taken["raw"])

    @staticmethod
    def streamed(model, turns):
        whole, pieces = None, 0
        for chunk in model.stream(turns):
            pieces += bool(chunk.text)
            whole = chunk if whole is None else whole + chunk
        return whole, pieces

    def answer(self, message):
        calls = [(call["name"], call["args"]) for call in message.tool_calls]
        usage = message.usage_metadata
        return Answer(message.text, self.reason(message), usage["input_tokens"], usage["output_tokens"], calls)
