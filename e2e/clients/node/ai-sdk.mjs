// npm ai with @ai-sdk/openai (chat completions and Responses), @ai-sdk/anthropic and @ai-sdk/google.
import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import { APICallError, generateText, jsonSchema, Output, streamText, tool } from "ai";
import { z } from "zod";

import { MAX_TOKENS, run, TIMEOUT_MS } from "./suite.mjs";

const City = z.object({ city: z.string(), population: z.number().int(), languages: z.array(z.string()) });

/** An error that came after the first parts of a stream. */
class StreamError extends Error {}

const options = (one, path) => ({ baseURL: one.url + path, apiKey: one.key, headers: one.headers });

class AiSdk {
  finish = { stop: "stop", tools: "tool-calls" };
  errors = {
    key: [APICallError, 401],
    model: [APICallError, 404],
    rate: [APICallError, 429],
    broken: [StreamError, null],
  };
  status = (error) => error.statusCode;

  constructor(name, model, providerOptions) {
    this.name = name;
    this.model = model;
    this.providerOptions = providerOptions;
  }

  async plain(one, system, prompt) {
    return this.answer(await this.complete(one, { system, prompt }, false));
  }

  async stream(one, system, prompt) {
    return this.answer(await this.complete(one, { system, prompt }, true));
  }

  async turns(one, system, first, second, image) {
    const messages = [{ role: "user", content: first }];
    const before = await this.complete(one, { system, messages }, false);
    const picture = { type: "image", image, mediaType: "image/png" };
    messages.push(...before.response.messages, { role: "user", content: [{ type: "text", text: second }, picture] });
    return [this.answer(before), this.answer(await this.complete(one, { system, messages }, false))];
  }

  async tools(one, prompt, ask, streamed) {
    const messages = [{ role: "user", content: prompt }];
    const tools = Object.fromEntries(
      Object.keys(ask.results).map((name) => [name, tool({ description: ask[name].description, inputSchema: jsonSchema(ask[name].schema) })]),
    );
    const first = await this.complete(one, { messages, tools }, streamed);
    messages.push(...first.response.messages);
    messages.push({
      role: "tool",
      content: first.toolCalls.map(({ toolCallId, toolName }) => ({
        type: "tool-result",
        toolCallId,
        toolName,
        output: { type: "text", value: ask.results[toolName] },
      })),
    });
    return [this.answer(first), this.answer(await this.complete(one, { messages, tools }, streamed))];
  }

  async structured(one, prompt, streamed) {
    const result = await this.complete(one, { prompt, output: Output.object({ schema: City }) }, streamed);
    return [result.output, this.answer(result)];
  }

  async complete(one, request, streamed) {
    const all = {
      model: this.model(one),
      maxOutputTokens: MAX_TOKENS,
      maxRetries: 0,
      abortSignal: AbortSignal.timeout(TIMEOUT_MS),
      providerOptions: this.providerOptions,
      ...request,
    };
    if (!streamed) {
      return generateText(all);
    }
    let pieces = 0;
    const result = streamText({ ...all, onError: () => {} });
    for await (const part of result.fullStream) {
      pieces += part.type === "text-delta" ? 1 : 0;
      if (part.type === "error") {
        throw pieces === 0 ? part.error : new StreamError(part.error?.message ?? JSON.stringify(part.error));
      }
    }
    const [text, finishReason, usage, toolCalls, response] = await Promise.all([
      result.text,
      result.finishReason,
      result.usage,
      result.toolCalls,
      result.response,
    ]);
    return { text, finishReason, usage, toolCalls, response, pieces, output: request.output && (await result.output) };
  }

  answer({ text, finishReason, usage, toolCalls, pieces }) {
    return {
      text,
      finish: finishReason,
      input: usage.inputTokens,
      output: usage.outputTokens,
      calls: toolCalls.map((call) => [call.toolName, call.input]),
      pieces,
    };
  }
}

await run(
  new AiSdk("js ai openai chat", (one) => createOpenAI(options(one, "/v1")).chat(one.model)),
  // what a gateway kept for later turns another provider could not know, so the items themselves are sent again
  new AiSdk("js ai openai responses", (one) => createOpenAI(options(one, "/v1")).responses(one.model), { openai: { store: false } }),
  new AiSdk("js ai anthropic", (one) => createAnthropic(options(one, "/v1"))(one.model)),
  new AiSdk("js ai google", (one) => createGoogleGenerativeAI(options(one, "/v1beta"))(one.model)),
);
