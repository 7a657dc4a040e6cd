"""What every SDK must do through the gateway, whichever provider answers. An SDK's own file only says how it is asked.

A client is an object with a name, `finish` (its words for the end of an answer), `errors` (its own exceptions by kind) and the
methods plain, stream, turns, tools and structured, each of which takes a Case first; one that can do more than text names its scenarios
and has the methods embed, count, paint and speak that they call. Every prompt ends in the case's own mark: by it the
provider's bill of the case is found, while others run at the same time. It is the trace id too, by which the gateway's usage
records are found.
"""
import base64
import json
import os
import secrets
import sys
import time
import traceback
import urllib.request
from dataclasses import dataclass, field

SETTINGS = json.loads(os.environ["TOLLGATE_CLIENTS"])  # url, key, results, providers: name, model, simulator, embedding
HERE = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(HERE, "..", "scenarios.json"), encoding="utf-8") as file:
    ASK = json.load(file)
MAX_TOKENS = 500
TIMEOUT_S = 20


@dataclass
class Case:
    """One scenario for one client and one provider."""

    provider: dict
    model: str
    key: str = SETTINGS["key"]
    url: str = SETTINGS["url"]
    mark: str = field(default_factory=lambda: secrets.token_hex(16))

    @property
    def headers(self):
        return {"traceparent": f"00-{self.mark}-{secrets.token_hex(8)}-01"}

    def prompt(self, text):
        return f"{text} (case {self.mark})"

    def billed(self):
        """What the provider has billed for this case, in order."""
        ids = {request["requestId"] for request in self.arrived()}
        return [call for call in self.told("calls") if call["requestId"] in ids]

    def arrived(self):
        """The requests of this case as the provider got them."""
        return [request for request in self.told("requests") if self.mark in request["body"]]

    def told(self, what):
        with urllib.request.urlopen(f"{self.provider['simulator']}/_sim/{what}?limit=40", timeout=10) as answer:
            return json.load(answer)


@dataclass
class Answer:
    """What the SDK made of an answer; tokens include cached and reasoning ones. `pieces` is how many deltas of a stream came."""

    text: str
    finish: str
    input: int
    output: int
    calls: list = field(default_factory=list)
    pieces: int = 0


class Failed(Exception):
    pass


def expect(what, actual, expected):
    if actual != expected:
        raise Failed(f"{what}: {actual!r} (expected: {expected!r})")


def expect_bill(case, answers):
    """Each answer tells the tokens that the provider billed for it, and nothing else was asked of the provider."""
    calls = case.billed()
    expect("billed calls", len(calls), len(answers))
    for call, answer in zip(calls, answers):
        expect("input tokens", answer.input, call["tokens"]["input"])
        expect("output tokens", answer.output, call["tokens"]["output"])
        if answer.input <= 0 or answer.output <= 0:
            raise Failed(f"tokens: {answer.input}, {answer.output} (expected: more than 0)")


def plain(client, case):
    answer = client.plain(case, ASK["system"], case.prompt(ASK["greeting"]))
    expect("text", answer.text, ASK["greetingAnswer"])
    expect("finish", answer.finish, client.finish["stop"])
    expect_bill(case, [answer])


def stream(client, case):
    answer = client.stream(case, ASK["system"], case.prompt(ASK["greeting"]))
    expect("text", answer.text, ASK["greetingAnswer"])
    expect("finish", answer.finish, client.finish["stop"])
    if answer.pieces < 2:
        raise Failed(f"pieces: {answer.pieces} (expected: 2 or more)")
    expect_bill(case, [answer])


def turns(client, case):
    first, last = client.turns(case, ASK["system"], case.prompt(ASK["greeting"]), case.prompt(ASK["followUp"]), ASK["image"])
    expect("first text", first.text, ASK["greetingAnswer"])
    expect("text", last.text, ASK["followUpAnswer"])
    images = [ASK["image"]]
    if case.provider["name"] == "gemini":  # takes base64url too
        images.append(ASK["image"].replace("+", "-").replace("/", "_"))
    with_image = [any(image in request["body"] for image in images) for request in case.arrived()]
    expect("requests with the image", with_image, [False, True])
    expect_bill(case, [first, last])


def tools(client, case, streamed=False):
    first, last = client.tools(case, case.prompt(ASK["tools"]["prompt"]), ASK["tools"], streamed)
    expect("calls", [list(call) for call in first.calls], ASK["tools"]["calls"])
    expect("finish of the call", first.finish, client.finish["tools"])
    expect("text", last.text, ASK["tools"]["answer"])
    expect("calls of the answer", last.calls, [])
    expect("finish of the answer", last.finish, client.finish["stop"])
    expect_bill(case, [first, last])


def tools_stream(client, case):
    tools(client, case, streamed=True)


def structured(client, case, streamed=False):
    value, answer = client.structured(case, case.prompt(ASK["structured"]["prompt"]), streamed)
    expect("value", value, ASK["structured"]["value"])
    expect("finish", answer.finish, client.finish.get("structured", client.finish["stop"]))
    expect_bill(case, [answer])


def structured_stream(client, case):
    structured(client, case, streamed=True)


def refused(client, kind, call):
    """The SDK raises its own exception of that kind."""
    expected, status = client.errors[kind]
    try:
        answer = call()
    except expected as error:
        expect("status", client.status(error), status)
        return
    except Exception as error:
        raise Failed(f"raised {type(error).__module__}.{type(error).__name__}: {error} (expected: {expected.__name__})")
    raise Failed(f"answered {answer!r} (expected: {expected.__name__})")


def wrong_key(client, case):
    case.key = "tg-" + "x" * 43
    refused(client, "key", lambda: client.plain(case, ASK["system"], case.prompt(ASK["greeting"])))
    refused(client, "key", lambda: client.stream(case, ASK["system"], case.prompt(ASK["greeting"])))
    expect("billed calls", case.billed(), [])


def unknown_model(client, case):
    case.model = "no-such-model"
    refused(client, "model", lambda: client.plain(case, ASK["system"], case.prompt(ASK["greeting"])))
    refused(client, "model", lambda: client.stream(case, ASK["system"], case.prompt(ASK["greeting"])))
    expect("billed calls", case.billed(), [])


def rate_limit(client, case):
    refused(client, "rate", lambda: client.plain(case, ASK["system"], case.prompt(ASK["rateLimit"])))
    refused(client, "rate", lambda: client.stream(case, ASK["system"], case.prompt(ASK["rateLimit"])))


def broken_stream(client, case):
    """A stream that the provider ends with an error is never taken for a whole answer."""
    expected, _ = client.errors["broken"]
    try:
        answer = client.stream(case, ASK["system"], case.prompt(ASK["brokenStream"]))
    except expected:
        return
    raise Failed(f"answered {answer!r} (expected: {expected.__name__})")


def embeddings(client, case):
    """One text alone and two in a batch: the same text has the same vector, and no two texts have."""
    case.model = case.provider["embedding"]
    first, second = [case.prompt(text) for text in ASK["embeddings"]["texts"]]
    alone = client.embed(case, first, ASK["embeddings"]["dimensions"])
    batch = client.embed(case, [first, second], ASK["embeddings"]["dimensions"])
    expect("vectors", [len(alone), len(batch)], [1, 2])
    expect("dimensions", [len(vector) for vector in alone + batch], [ASK["embeddings"]["dimensions"]] * 3)
    if max(abs(one - other) for one, other in zip(alone[0], batch[0])) > 1e-6:
        raise Failed(f"the same text: {alone[0]} and {batch[0]} (expected: the same vector)")
    if batch[0] == batch[1]:
        raise Failed(f"two texts: {batch[0]} (expected: two vectors)")
    expect("billed input", [call["tokens"]["input"] for call in case.billed()], [ASK["tokens"]] * 2)


def count_tokens(client, case):
    """The provider's own count, which costs nothing."""
    expect("tokens", client.count(case, case.prompt(ASK["greeting"])), ASK["tokens"])
    expect("requests", len(case.arrived()), 1)
    expect("billed", sum(call["nanos"] for call in case.billed()), 0)


def images(client, case):
    case.model = "pictures"
    ask = ASK["picture"]
    pictures, cost = client.paint(case, case.prompt(ask["prompt"]), ask["count"])
    expect("pictures", pictures, [ask["data"]] * ask["count"])
    expect("cost", cost, ask["cost"])
    expect("billed nano-dollars", [call["nanos"] for call in case.billed()], [80_000_000])


def speech(client, case):
    case.model = "voice"
    ask = ASK["speech"]
    audio, media_type, cost = client.speak(case, case.prompt(ask["text"]))
    expect("audio", base64.b64encode(audio).decode(), ask["audio"])
    expect("type", media_type, "audio/mpeg")
    expect("cost", cost, ask["cost"])
    expect("billed nano-dollars", [call["nanos"] for call in case.billed()], [10_000_000])


SCENARIOS = {
    "plain": plain,
    "stream": stream,
    "turns": turns,
    "tools": tools,
    "tools-stream": tools_stream,
    "structured": structured,
    "structured-stream": structured_stream,
    "wrong-key": wrong_key,
    "unknown-model": unknown_model,
    "rate-limit": rate_limit,
    "broken-stream": broken_stream,
    "embeddings": embeddings,
    "count-tokens": count_tokens,
    "images": images,
    "speech": speech,
}
MEDIA = ("images", "speech")
TEXT = tuple(name for name in SCENARIOS if name not in ("embeddings", "count-tokens", *MEDIA))


def planned(client, provider):
    """What of a client's scenarios a provider can serve."""
    wanted = getattr(client, "scenarios", TEXT)
    if provider["name"] == "media":
        return [name for name in wanted if name in MEDIA]
    return [name for name in wanted if name not in MEDIA and (name != "embeddings" or provider["embedding"])]


def run(*clients):
    """Runs all scenarios; one line of JSON for each goes into the file of the results."""
    with open(SETTINGS["results"], "a", encoding="utf-8") as results:
        for client in clients:
            plan = [[provider["name"], name] for provider in SETTINGS["providers"] for name in planned(client, provider)]
            results.write(json.dumps({"client": client.name, "plan": plan}) + "\n")
            for provider in SETTINGS["providers"]:
                for name in planned(client, provider):
                    scenario = SCENARIOS[name]
                    case = Case(provider, provider["model"])
                    began = time.monotonic()
                    reason = ""
                    try:
                        scenario(client, case)
                    except Failed as failed:
                        reason = str(failed)
                    except Exception as error:
                        frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(HERE)]
                        at = f"{os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else "?"
                        reason = f"{type(error).__module__}.{type(error).__name__} at {at}: {error}"
                    result = {
                        "client": client.name,
                        "provider": provider["name"],
                        "scenario": name,
                        "ok": not reason,
                        "reason": reason[:2000],
                        "mark": case.mark,
                        "ms": round((time.monotonic() - began) * 1000),
                    }
                    results.write(json.dumps(result, ensure_ascii=False) + "\n")
                    results.flush()
    sys.exit(0)
