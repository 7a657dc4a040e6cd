// The same scenarios as in python/suite.py, for the SDKs of Node.
//
// A client is an object with a name, `finish` (its words for the end of an answer), `errors` (its own exceptions by kind, with their
// status) and the methods plain, stream, turns, tools and structured, each of which takes a Case first; one that can do more than text names
// its scenarios and has the methods embed, count, paint and speak that they call. Every prompt ends in the case's own mark: by it the
// provider's bill of the case is found, while others run at the same time.
import { deepStrictEqual } from "node:assert";
import { randomBytes } from "node:crypto";
import { appendFileSync, readFileSync } from "node:fs";

const SETTINGS = JSON.parse(process.env.TOLLGATE_CLIENTS); // url, key, results, providers: name, model, simulator, embedding
export const ASK = JSON.parse(readFileSync(new URL("../scenarios.json", import.meta.url), "utf8"));
export const MAX_TOKENS = 500;
export const TIMEOUT_MS = 20_000;

/** One scenario for one client and one provider. */
class Case {
  url = SETTINGS.url;
  key = SETTINGS.key;
  mark = randomBytes(16).toString("hex");

  constructor(provider) {
    this.provider = provider;
    this.model = provider.model;
  }

  get headers() {
    return { traceparent: `00-${this.mark}-${randomBytes(8).toString("hex")}-01` };
  }

  prompt(text) {
    return `${text} (case ${this.mark})`;
  }

  /** What the provider has billed for this case, in order. */
  async billed() {
    const ids = new Set((await this.arrived()).map((request) => request.requestId));
    return (await this.told("calls")).filter((call) => ids.has(call.requestId));
  }

  /** The requests of this case as the provider got them. */
  async arrived() {
    return (await this.told("requests")).filter((request) => request.body.includes(this.mark));
  }

  async told(what) {
    const answer = await fetch(`${this.provider.simulator}/_sim/${what}?limit=40`, { signal: AbortSignal.timeout(10_000) });
    return answer.json();
  }
}

class Failed extends Error {}

export function expect(what, actual, expected) {
  try {
    deepStrictEqual(actual, expected);
  } catch {
    throw new Failed(`${what}: ${JSON.stringify(actual)} (expected: ${JSON.stringify(expected)})`);
  }
}

/** Each answer tells the tokens that the provider billed for it, and nothing else was asked of the provider. */
async function expectBill(one, answers) {
  const calls = await one.billed();
  expect("billed calls", calls.length, answers.length);
  calls.forEach((call, i) => {
    expect("input tokens", answers[i].input, call.tokens.input);
    expect("output tokens", answers[i].output, call.tokens.output);
    if (!(answers[i].input > 0 && answers[i].output > 0)) {
      throw new Failed(`tokens: ${answers[i].input}, ${answers[i].output} (expected: more than 0)`);
    }
  });
}

async function plain(client, one) {
  const answer = await client.plain(one, ASK.system, one.prompt(ASK.greeting));
  expect("text", answer.text, ASK.greetingAnswer);
  expect("finish", answer.finish, client.finish.stop);
  await expectBill(one, [answer]);
}

async function stream(client, one) {
  const answer = await client.stream(one, ASK.system, one.prompt(ASK.greeting));
  expect("text", answer.text, ASK.greetingAnswer);
  expect("finish", answer.finish, client.finish.stop);
  if (!(answer.pieces >= 2)) {
    throw new Failed(`pieces: ${answer.pieces} (expected: 2 or more)`);
  }
  await expectBill(one, [answer]);
}

async function turns(client, one) {
  const [first, last] = await client.turns(one, ASK.system, one.prompt(ASK.greeting), one.prompt(ASK.followUp), ASK.image);
  expect("first text", first.text, ASK.greetingAnswer);
  expect("text", last.text, ASK.followUpAnswer);
  const bodies = (await one.arrived()).map((request) => request.body);
  expect("requests with the image", bodies.map((body) => body.includes(ASK.image)), [false, true]);
  await expectBill(one, [first, last]);
}

const tools = (streamed) => async (client, one) => {
  const [first, last] = await client.tools(one, one.prompt(ASK.tools.prompt), ASK.tools, streamed);
  expect("calls", first.calls, ASK.tools.calls);
  expect("finish of the call", first.finish, client.finish.tools);
  expect("text", last.text, ASK.tools.answer);
  expect("calls of the answer", last.calls, []);
  expect("finish of the answer", last.finish, client.finish.stop);
  await expectBill(one, [first, last]);
};

const structured = (streamed) => async (client, one) => {
  const [value, answer] = await client.structured(one, one.prompt(ASK.structured.prompt), streamed);
  expect("value", value, ASK.structured.value);
  expect("finish", answer.finish, client.finish.structured ?? client.finish.stop);
  await expectBill(one, [answer]);
};

/** The SDK throws its own exception of that kind. */
async function refused(client, kind, call) {
  const [expected, status] = client.errors[kind];
  let answer;
  try {
    answer = await call();
  } catch (error) {
    if (!(error instanceof expected)) {
      throw new Failed(`threw ${error?.constructor?.name}: ${error?.message} (expected: ${expected.name})`);
    }
    if (status) {
      expect("status", client.status(error), status);
    }
    return;
  }
  throw new Failed(`answered ${JSON.stringify(answer)} (expected: ${expected.name})`);
}

const both = async (client, kind, one, prompt) => {
  await refused(client, kind, () => client.plain(one, ASK.system, one.prompt(prompt)));
  await refused(client, kind, () => client.stream(one, ASK.system, one.prompt(prompt)));
};

async function wrongKey(client, one) {
  one.key = "tg-" + "x".repeat(43);
  await both(client, "key", one, ASK.greeting);
  expect("billed calls", await one.billed(), []);
}

async function unknownModel(client, one) {
  one.model = "no-such-model";
  await both(client, "model", one, ASK.greeting);
  expect("billed calls", await one.billed(), []);
}

async function rateLimit(client, one) {
  await both(client, "rate", one, ASK.rateLimit);
}

/** A stream that the provider ends with an error is never taken for a whole answer. */
async function brokenStream(client, one) {
  await refused(client, "broken", () => client.stream(one, ASK.system, one.prompt(ASK.brokenStream)));
}

/** One text alone and two in a batch: the same text has the same vector, and no two texts have. */
async function embeddings(client, one) {
  one.model = one.provider.embedding;
  const { texts, dimensions } = ASK.embeddings;
  const [first, second] = texts.map((text) => one.prompt(text));
  const alone = await client.embed(one, first, dimensions);
  const batch = await client.embed(one, [first, second], dimensions);
  expect("vectors", [alone.length, batch.length], [1, 2]);
  expect("dimensions", [...alone, ...batch].map((vector) => vector.length), [dimensions, dimensions, dimensions]);
  if (alone[0].some((value, i) => !(Math.abs(value - batch[0][i]) <= 1e-6))) {
    throw new Failed(`the same text: ${alone[0]} and ${batch[0]} (expected: the same vector)`);
  }
  if (batch[0].every((value, i) => value === batch[1][i])) {
    throw new Failed(`two texts: ${batch[0]} (expected: two vectors)`);
  }
  expect("billed input", (await one.billed()).map((call) => call.tokens.input), [ASK.tokens, ASK.tokens]);
}

/** The provider's own count, which costs nothing. */
async function countTokens(client, one) {
  expect("tokens", await client.count(one, one.prompt(ASK.greeting)), ASK.tokens);
  expect("requests", (await one.arrived()).length, 1);
  expect("billed", (await one.billed()).reduce((sum, call) => sum + call.nanos, 0), 0);
}

async function images(client, one) {
  one.model = "pictures";
  const { prompt, count, data, cost } = ASK.picture;
  const [pictures, told] = await client.paint(one, one.prompt(prompt), count);
  expect("pictures", pictures, Array(count).fill(data));
  expect("cost", told, cost);
  expect("billed nano-dollars", (await one.billed()).map((call) => call.nanos), [80_000_000]);
}

async function speech(client, one) {
  one.model = "voice";
  const { text, audio, cost } = ASK.speech;
  const [bytes, type, told] = await client.speak(one, one.prompt(text));
  expect("audio", Buffer.from(bytes).toString("base64"), audio);
  expect("type", type, "audio/mpeg");
  expect("cost", told, cost);
  expect("billed nano-dollars", (await one.billed()).map((call) => call.nanos), [10_000_000]);
}

const SCENARIOS = {
  plain,
  stream,
  turns,
  tools: tools(false),
  "tools-stream": tools(true),
  structured: structured(false),
  "structured-stream": structured(true),
  "wrong-key": wrongKey,
  "unknown-model": unknownModel,
  "rate-limit": rateLimit,
  "broken-stream": brokenStream,
  embeddings,
  "count-tokens": countTokens,
  images,
  speech,
};
export const MEDIA = ["images", "speech"];
export const TEXT = Object.keys(SCENARIOS).filter((name) => !["embeddings", "count-tokens", ...MEDIA].includes(name));

/** What of a client's scenarios a provider can serve. */
function planned(client, provider) {
  const wanted = client.scenarios ?? TEXT;
  return provider.name === "media"
    ? wanted.filter((name) => MEDIA.includes(name))
    : wanted.filter((name) => !MEDIA.includes(name) && (name !== "embeddings" || provider.embedding));
}

/** Runs all scenarios; one line of JSON for each goes into the file of the results. */
export async function run(...clients) {
  for (const client of clients) {
    const plan = SETTINGS.providers.flatMap((provider) => planned(client, provider).map((name) => [provider.name, name]));
    appendFileSync(SETTINGS.results, JSON.stringify({ client: client.name, plan }) + "\n");
    for (const provider of SETTINGS.providers) {
      for (const name of planned(client, provider)) {
        const scenario = SCENARIOS[name];
        const one = new Case(provider);
        const began = performance.now();
        let reason = "";
        try {
          await scenario(client, one);
        } catch (error) {
          const at = /([\w-]+\.mjs:\d+)/.exec(error?.stack ?? "")?.[1] ?? "?";
          reason = error instanceof Failed ? error.message : `${error?.constructor?.name} at ${at}: ${error?.message ?? JSON.stringify(error)}${error?.cause ? `: ${error.cause.message}` : ""}`;
        }
        const ms = Math.round(performance.now() - began);
        const result = { client: client.name, provider: provider.name, scenario: name, ok: !reason, reason: reason.slice(0, 2000), mark: one.mark, ms };
        appendFileSync(SETTINGS.results, JSON.stringify(result) + "\n");
      }
    }
  }
  process.exit(0);
}
