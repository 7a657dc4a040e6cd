// npm openai: chat completions and Responses; embeddings, images and speech.
import OpenAI from "openai";
import { zodResponseFormat, zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";

import { ASK, expect, MAX_TOKENS, MEDIA, run, TEXT, TIMEOUT_MS } from "./suite.mjs";

const City = z.object({ city: z.string(), population: z.number().int(), languages: z.array(z.string()) });

const sdk = (one) => new OpenAI({ baseURL: one.url + "/v1", apiKey: one.key, defaultHeaders: one.headers, maxRetries: 0, timeout: TIMEOUT_MS });

const errors = {
  key: [OpenAI.AuthenticationError, 401],
  model: [OpenAI.NotFoundError, 404],
  rate: [OpenAI.RateLimitError, 429],
  broken: [OpenAI.OpenAIError, null],
};

class Chat {
  name = "js openai chat";
  scenarios = [...TEXT, "embeddings", ...MEDIA];
  finish = { stop: "stop", tools: "tool_calls" };
  errors = errors;
  status = (error) => error.status;

  async plain(one, system, user) {
    return this.answer(await sdk(one).chat.completions.create(this.said(one, system, user)));
  }

  async stream(one, system, user) {
    let pieces = 0;
    const events = sdk(one).chat.completions.stream({ ...this.said(one, system, user), stream_options: { include_usage: true } });
    events.on("content", () => pieces++);
    return { ...this.answer(await events.finalChatCompletion()), pieces };
  }

  async turns(one, system, first, second, image) {
    const request = this.said(one, system, first);
    const before = await sdk(one).chat.completions.create(request);
    const picture = { type: "image_url", image_url: { url: "data:image/png;base64," + image } };
    request.messages.push(before.choices[0].message, { role: "user", content: [{ type: "text", text: second }, picture] });
    return [this.answer(before), this.answer(await sdk(one).chat.completions.create(request))];
  }

  async tools(one, prompt, ask, streamed) {
    const messages = [{ role: "user", content: prompt }];
    const request = {
      model: one.model,
      max_completion_tokens: MAX_TOKENS,
      messages,
      tools: Object.keys(ask.results).map((name) => ({
        type: "function",
        function: { name, description: ask[name].description, parameters: ask[name].schema },
      })),
    };
    const turn = () => this.complete(sdk(one), request, streamed);
    const completion = await turn();
    const message = completion.choices[0].message;
    messages.push(message);
    for (const call of message.tool_calls ?? []) {
      messages.push({ role: "tool", tool_call_id: call.id, content: ask.results[call.function.name] });
    }
    return [this.answer(completion), this.answer(await turn())];
  }

  async structured(one, prompt, streamed) {
    const request = {
      model: one.model,
      max_completion_tokens: MAX_TOKENS,
      messages: [{ role: "user", content: prompt }],
      response_format: zodResponseFormat(City, "city"),
    };
    const completion = streamed ? await this.complete(sdk(one), request, true) : await sdk(one).chat.completions.parse(request);
    return [completion.choices[0].message.parsed, this.answer(completion)];
  }

  complete(client, request, streamed) {
    return streamed
      ? client.chat.completions.stream({ ...request, stream_options: { include_usage: true } }).finalChatCompletion()
      : client.chat.completions.create(request);
  }

  async embed(one, input, dimensions) {
    // the SDK asks for base64 and decodes it, unless it is told a format
    const told = typeof input === "string" ? {} : { encoding_format: "float" };
    const answer = await sdk(one).embeddings.create({ model: one.model, input, dimensions, ...told });
    expect("indices", answer.data.map((entry) => entry.index), [...answer.data.keys()]);
    expect("tokens", [answer.usage.prompt_tokens, answer.usage.total_tokens], [ASK.tokens, ASK.tokens]);
    return answer.data.map((entry) => entry.embedding);
  }

  async paint(one, prompt, n) {
    const { data, response } = await sdk(one).images.generate({ model: one.model, prompt, n }).withResponse();
    return [data.data.map((entry) => entry.b64_json), response.headers.get("x-tollgate-cost-usd")];
  }

  async speak(one, input) {
    const response = await sdk(one).audio.speech.create({ model: one.model, voice: "alloy", input });
    const bytes = await response.arrayBuffer();
    return [bytes, response.headers.get("content-type"), response.headers.get("x-tollgate-cost-usd")];
  }

  said(one, system, user) {
    return {
      model: one.model,
      max_completion_tokens: MAX_TOKENS,
      messages: [
        { role: "system", content: system },
        { role: "user", content: user },
      ],
    };
  }

  answer(completion) {
    const { message, finish_reason } = completion.choices[0];
    return {
      text: message.content ?? "",
      finish: finish_reason,
      input: completion.usage.prompt_tokens,
      output: completion.usage.completion_tokens,
      calls: (message.tool_calls ?? []).map((call) => [call.function.name, JSON.parse(call.function.arguments)]),
    };
  }
}

class Responses {
  name = "js openai responses";
  finish = { stop: "completed", tools: "completed" };
  errors = errors;
  status = (error) => error.status;

  async plain(one, system, user) {
    return this.answer(await sdk(one).responses.create(this.said(one, system, user)));
  }

  async stream(one, system, user) {
    let pieces = 0;
    const numbers = [];
    const events = sdk(one).responses.stream(this.said(one, system, user));
    for await (const event of events) {
      pieces += event.type === "response.output_text.delta" ? 1 : 0;
      numbers.push(event.sequence_number);
      if (event.type === "response.failed") {
        // the SDK hands this event over as it came
        throw new OpenAI.OpenAIError(event.response.error.message);
      }
    }
    expect("sequence numbers", numbers, [...numbers.keys()]);
    return { ...this.answer(await events.finalResponse()), pieces };
  }

  async turns(one, system, first, second, image) {
    const request = this.said(one, system, first);
    const before = await sdk(one).responses.create(request);
    const picture = { type: "input_image", image_url: "data:image/png;base64," + image, detail: "auto" };
    request.input = [
      { role: "user", content: first },
      ...before.output,
      { role: "user", content: [{ type: "input_text", text: second }, picture] },
    ];
    return [this.answer(before), this.answer(await sdk(one).responses.create(request))];
  }

  async tools(one, prompt, ask, streamed) {
    const input = [{ role: "user", content: prompt }];
    const request = {
      model: one.model,
      input,
      store: false,
      max_output_tokens: MAX_TOKENS,
      tools: Object.keys(ask.results).map((name) => ({
        type: "function",
        name,
        description: ask[name].description,
        parameters: ask[name].schema,
        strict: true,
      })),
    };
    const turn = () => (streamed ? sdk(one).responses.stream(request).finalResponse() : sdk(one).responses.create(request));
    const response = await turn();
    for (const item of response.output) {
      const { parsed_arguments, ...sent } = item;
      input.push(sent);
    }
    for (const item of response.output.filter((i) => i.type === "function_call")) {
      input.push({ type: "function_call_output", call_id: item.call_id, output: ask.results[item.name] });
    }
    return [this.answer(response), this.answer(await turn())];
  }

  async structured(one, prompt, streamed) {
    const request = {
      model: one.model,
      input: prompt,
      store: false,
      max_output_tokens: MAX_TOKENS,
      text: { format: zodTextFormat(City, "city") },
    };
    const response = streamed ? await sdk(one).responses.stream(request).finalResponse() : await sdk(one).responses.parse(request);
    return [response.output_parsed, this.answer(response)];
  }

  said(one, system, user) {
    return { model: one.model, instructions: system, input: user, store: false, max_output_tokens: MAX_TOKENS };
  }

  answer(response) {
    return {
      text: response.output_text,
      finish: response.status,
      input: response.usage.input_tokens,
      output: response.usage.output_tokens,
      calls: response.output.filter((i) => i.type === "function_call").map((i) => [i.name, JSON.parse(i.arguments)]),
    };
  }
}

await run(new Chat(), new Responses());
