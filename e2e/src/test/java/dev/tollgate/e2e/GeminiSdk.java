package dev.tollgate.e2e;

import com.google.genai.Client;
import com.google.genai.types.Content;
import com.google.genai.types.FunctionCall;
import com.google.genai.types.FunctionDeclaration;
import com.google.genai.types.GenerateContentConfig;
import com.google.genai.types.GenerateContentResponse;
import com.google.genai.types.HttpOptions;
import com.google.genai.types.Part;
import com.google.genai.types.Schema;
import com.google.genai.types.Tool;
import com.google.genai.types.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** com.google.genai:google-genai over generateContent. */
final class GeminiSdk implements Sdk {

    private final Client client;

    GeminiSdk(String gateway, String key) {
        client =
                Client.builder()
                        .apiKey(key)
                        .httpOptions(HttpOptions.builder().baseUrl(gateway).build())
                        .build();
    }

    @Override
    public Answer plain(String model) {
        var answer = client.models.generateContent(model, "What is a tollgate?", config(false));
        return new Taken().add(answer).answer("");
    }

    @Override
    public Answer stream(String model) {
        return streamed(model, List.of(said("user", "What is a tollgate?")), config(false))
                .answer("");
    }

    @Override
    public Answer toolTurn(String model, boolean stream) {
        var turns = new ArrayList<Content>();
        turns.add(said("user", "What is a tollgate?"));
        turns.add(said("model", "A gate where one pays."));
        turns.add(said("user", "How is the weather in Zürich?"));
        var first = complete(model, turns, stream);
        if (first.calls.size() != 1
                || !first.calls.getFirst().name().orElse("").equals("weather")) {
            throw new AssertionError("no call of the tool: " + first.calls);
        }
        var call = first.calls.getFirst();
        turns.add(first.modelTurn());
        turns.add(
                Content.builder()
                        .role("user")
                        .parts(Part.fromFunctionResponse("weather", Map.of("output", TOOL_RESULT)))
                        .build());
        return complete(model, turns, stream).answer(call.args().orElse(Map.of()).toString());
    }

    @Override
    public List<String> models() {
        var names = new ArrayList<String>();
        client.models
                .list(null)
                .forEach(model -> names.add(model.name().orElseThrow().replace("models/", "")));
        return names;
    }

    private Taken complete(String model, List<Content> turns, boolean stream) {
        return stream
                ? streamed(model, turns, config(true))
                : new Taken().add(client.models.generateContent(model, turns, config(true)));
    }

    private Taken streamed(String model, List<Content> turns, GenerateContentConfig config) {
        var taken = new Taken();
        try (var chunks = client.models.generateContentStream(model, turns, config)) {
            chunks.forEach(taken::add);
        }
        return taken;
    }

    private static Content said(String role, String text) {
        return Content.builder().role(role).parts(Part.fromText(text)).build();
    }

    private static GenerateContentConfig config(boolean tools) {
        var config =
                GenerateContentConfig.builder()
                        .maxOutputTokens(200)
                        .systemInstruction(said("user", "You are brief."));
        if (tools) {
            config.tools(
                    Tool.builder()
                            .functionDeclarations(
                                    FunctionDeclaration.builder()
                                            .name("weather")
                                            .description("The weather of a city")
                                            .parameters(
                                                    Schema.builder()
                                                            .type(Type.Known.OBJECT)
                                                            .properties(
                                                                    Map.of(
                                                                            "city",
                                                                            Schema.builder()
                                                                                    .type(
                                                                                            Type
                                                                                                    .Known
                                                                                                    .STRING)
                                                                                    .build()))))
                            .build());
        }
        return config.build();
    }

    /** One answer, whole or in chunks. */
    private static final class Taken {
        private final StringBuilder text = new StringBuilder();
        private final List<FunctionCall> calls = new ArrayList<>();
        private final List<Part> parts = new ArrayList<>();
        private GenerateContentResponse last;

        Taken add(GenerateContentResponse response) {
            for (var part : response.parts() == null ? List.<Part>of() : response.parts()) {
                part.text().ifPresent(text::append);
                part.functionCall().ifPresent(calls::add);
                parts.add(part);
            }
            last = response;
            return this;
        }

        Content modelTurn() {
            return Content.builder().role("model").parts(parts).build();
        }

        Answer answer(String calledWith) {
            var usage = last.usageMetadata().orElseThrow();
            return new Answer(
                    text.toString(),
                    usage.promptTokenCount().orElse(0),
                    usage.candidatesTokenCount().orElse(0) + usage.thoughtsTokenCount().orElse(0),
                    calledWith);
        }
    }

    @Override
    public void close() {
        client.close();
    }
}
