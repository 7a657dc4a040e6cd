// npm @anthropic-ai/sdk: Messages and its count of tokens.
import Anthropic from "@anthropic-ai/sdk";
import { zodOutputFormat } from "@anthropic-ai/sdk/helpers/zod";
import { z } from "zod";

import { MAX_TOKENS, run, TEXT, TIMEOUT_MS } from "./suite.mjs";

const City = z.object({ city: z.string(), population: z.number().int(), languages: z.array(z.string()) });

const sdk = (one) => new Anthropic({ baseURL: one.url, apiKey: one.key, defaultHeaders: one.headers, maxRetries: 0, timeout: TIMEOUT_MS });

class Messages {
  name = "js anthropic";
  scenarios = [...TEXT, "count-tokens"];
  finish = { stop: "end_turn", tools: "tool_use" };
  errors = {
    key: [Anthropic.AuthenticationError, 401],
    model: [Anthropic.NotFoundError, 404],
    rate: [Anthropic.RateLimitError, 429],
    broken: [Anthropic.APIError, null],
  };
  status = (error) => error.status;

  async plain(one, system, user) {
    return this.answer(await sdk(one).messages.create(this.said(one, system, user)));
  }

  async stream(one, system, user) {
    let pieces = 0;
    const events = sdk(one).messages.stream(this.said(one, system, user));
    events.on("text", () => pieces++);
    return { ...this.answer(await events.finalMessage()), pieces };
  }

  async turns(one, system, first, second, image) {
    const request = this.said(one, system, first);
    const before = await sdk(one).messages.create(request);
    const picture = { type: "image", source: { type: "base64", media_type: "image/png", data: image } };
    request.messages.push({ role: "assistant", content: before.content });
    request.messages.push({ role: "user", content: [{ type: "text", text: second }, picture] });
    return [this.answer(before), this.answer(await sdk(one).messages.create(request))];
  }

  async tools(one, prompt, ask, streamed) {
    const messages = [{ role: "user", content: prompt }];
    const request = {
      model: one.model,
      max_tokens: MAX_TOKENS,
      messages,
      tools: Object.keys(ask.results).map((name) => ({ name, description: ask[name].description, input_schema: ask[name].schema })),
    };
    const turn = () => (streamed ? sdk(one).messages.stream(request).finalMessage() : sdk(one).messages.create(request));
    const message = await turn();
    messages.push({ role: "assistant", content: message.content });
    messages.push({
      role: "user",
      content: message.content
        .filter((block) => block.type === "tool_use")
        .map((block) => ({ type: "tool_result", tool_use_id: block.id, content: ask.results[block.name] })),
    });
    return [this.answer(message), this.answer(await turn())];
  }

  async structured(one, prompt, streamed) {
    const request = {
      model: one.model,
      max_tokens: MAX_TOKENS,
      messages: [{ role: "user", content: prompt }],
      output_config: { format: zodOutputFormat(City) },
    };
    const message = streamed ? await sdk(one).messages.stream(request).finalMessage() : await sdk(one).messages.parse(request);
    return [message.parsed_output, this.answer(message)];
  }

  async count(one, user) {
    return (await sdk(one).messages.countTokens({ model: one.model, messages: [{ role: "user", content: user }] })).input_tokens;
  }

  said(one, system, user) {
    return { model: one.model, max_tokens: MAX_TOKENS, system, messages: [{ role: "user", content: user }] };
  }

  answer(message) {
    const { usage } = message;
    return {
      text: message.content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join(""),
      finish: message.stop_reason,
      input: usage.input_tokens + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0),
      output: usage.output_tokens,
      calls: message.content.filter((block) => block.type === "tool_use").map((block) => [block.name, block.input]),
    };
  }
}

await run(new Messages());
