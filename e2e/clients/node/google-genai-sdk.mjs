// npm @google/genai: generateContent and its stream, embeddings and counts of tokens.
import { ApiError, GoogleGenAI } from "@google/genai";
import { z } from "zod";

import { expect, MAX_TOKENS, run, TEXT, TIMEOUT_MS } from "./suite.mjs";

const City = z.object({ city: z.string(), population: z.number().int(), languages: z.array(z.string()) });

const sdk = (one) => new GoogleGenAI({ apiKey: one.key, httpOptions: { baseUrl: one.url, headers: one.headers, timeout: TIMEOUT_MS } });

class GenerateContent {
  name = "js google-genai";
  scenarios = [...TEXT, "embeddings", "count-tokens"];
  finish = { stop: "STOP", tools: "STOP" };
  errors = { key: [ApiError, 401], model: [ApiError, 404], rate: [ApiError, 429], broken: [Error, null] };
  status = (error) => error.status;

  async plain(one, system, user) {
    return (await this.complete(one, user, { systemInstruction: system }, false)).answer;
  }

  async stream(one, system, user) {
    return (await this.complete(one, user, { systemInstruction: system }, true)).answer;
  }

  async turns(one, system, first, second, image) {
    const chat = sdk(one).chats.create({ model: one.model, config: { maxOutputTokens: MAX_TOKENS, systemInstruction: system } });
    const taken = (response) => this.answer(response, response.candidates[0].content.parts);
    const before = await chat.sendMessage({ message: first });
    const picture = { inlineData: { data: image, mimeType: "image/png" } };
    return [taken(before), taken(await chat.sendMessage({ message: [{ text: second }, picture] }))];
  }

  async tools(one, prompt, ask, streamed) {
    const contents = [{ role: "user", parts: [{ text: prompt }] }];
    const functionDeclarations = Object.keys(ask.results).map((name) => ({
      name,
      description: ask[name].description,
      parametersJsonSchema: ask[name].schema,
    }));
    const turn = () => this.complete(one, contents, { tools: [{ functionDeclarations }] }, streamed);
    const { parts, answer } = await turn();
    contents.push({ role: "model", parts });
    contents.push({
      role: "user",
      parts: parts
        .filter((part) => part.functionCall)
        .map(({ functionCall: { id, name } }) => ({ functionResponse: { id, name, response: { output: ask.results[name] } } })),
    });
    return [answer, (await turn()).answer];
  }

  async structured(one, prompt, streamed) {
    const config = { responseMimeType: "application/json", responseJsonSchema: z.toJSONSchema(City) };
    const { answer } = await this.complete(one, prompt, config, streamed);
    return [City.parse(JSON.parse(answer.text)), answer];
  }

  async embed(one, contents, outputDimensionality) {
    const answer = await sdk(one).models.embedContent({ model: one.model, contents, config: { outputDimensionality } });
    return answer.embeddings.map((entry) => entry.values);
  }

  async count(one, contents) {
    return (await sdk(one).models.countTokens({ model: one.model, contents })).totalTokens;
  }

  /** All parts, and the answer that they make. */
  async complete(one, contents, config, streamed) {
    const request = { model: one.model, contents, config: { maxOutputTokens: MAX_TOKENS, ...config } };
    if (!streamed) {
      const response = await sdk(one).models.generateContent(request);
      const parts = response.candidates[0].content.parts;
      return { parts, answer: this.answer(response, parts) };
    }
    const all = [];
    let pieces = 0;
    let last;
    for await (const chunk of await sdk(one).models.generateContentStream(request)) {
      const parts = chunk.candidates?.[0]?.content?.parts ?? [];
      pieces += parts.some((part) => part.text) ? 1 : 0;
      all.push(...parts);
      last = chunk;
    }
    return { parts: all, answer: { ...this.answer(last, all), pieces } };
  }

  answer(response, parts) {
    const usage = response.usageMetadata;
    const output = (usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0);
    expect("total tokens", usage.totalTokenCount, usage.promptTokenCount + output);
    return {
      text: parts.map((part) => (part.thought ? "" : (part.text ?? ""))).join(""),
      finish: response.candidates[0].finishReason,
      input: usage.promptTokenCount,
      output,
      calls: parts.filter((part) => part.functionCall).map(({ functionCall }) => [functionCall.name, functionCall.args]),
    };
  }
}

await run(new GenerateContent());
