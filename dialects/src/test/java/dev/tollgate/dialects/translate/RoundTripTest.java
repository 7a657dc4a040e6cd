package dev.tollgate.dialects.translate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Bridge.RequestTerms;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Samples;
import dev.tollgate.dialects.Usage;
import dev.tollgate.dialects.anthropic.AnthropicMessages;
import dev.tollgate.dialects.codec.ClientCodec;
import dev.tollgate.dialects.codec.ClientTerms;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.ProviderCodec;
import dev.tollgate.dialects.codec.Reading;
import dev.tollgate.dialects.codec.SseOut;
import dev.tollgate.dialects.codec.Written;
import dev.tollgate.dialects.conversation.Answer;
import dev.tollgate.dialects.conversation.AnswerEvent;
import dev.tollgate.dialects.conversation.Conversation;
import dev.tollgate.dialects.conversation.Decoded;
import dev.tollgate.dialects.conversation.FinishReason;
import dev.tollgate.dialects.conversation.Media;
import dev.tollgate.dialects.conversation.OutputFormat;
import dev.tollgate.dialects.conversation.Part;
import dev.tollgate.dialects.conversation.Sampling;
import dev.tollgate.dialects.conversation.Tool;
import dev.tollgate.dialects.conversation.ToolChoice;
import dev.tollgate.dialects.conversation.Turn;
import dev.tollgate.dialects.conversation.Turn.Role;
import dev.tollgate.dialects.gemini.Gemini;
import dev.tollgate.dialects.openai.OpenAiChat;
import dev.tollgate.dialects.responses.OpenAiResponses;
import dev.tollgate.dialects.sse.SseParser;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** What a dialect can say, it reads as it was written: requests, answers and streams. */
class RoundTripTest {
    private static final List<String> TEXTS =
            List.of(
                    "a",
                    "Grüße 🚆",
                    "{\"a\":1}",
                    "line\nline\r\n",
                    "\"\\\u2028",
                    "data: x\n\n",
                    " ");
    private static final ObjectNode SCHEMA =
            Json.parseObject(
                    "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}},"
                            + "\"required\":[\"a\"],\"additionalProperties\":false}");

    @Property(tries = 300)
    void aRequestIsReadAsItWasWritten(@ForAll Dialect dialect, @ForAll long seed) {
        var conversation = conversation(dialect, new SplittableRandom(seed));
        var written = provider(dialect).request(conversation, terms(Samples.terms(dialect)), false);
        assertThat(written).isInstanceOf(Written.Body.class);
        var body = (Written.Body) written;
        assertThat(body.dropped()).isEmpty();
        var read = client(dialect).request(body.json());
        assertThat(read).isInstanceOf(Decoded.Request.class);
        var back = ((Decoded.Request) read).conversation();
        assertThat(said(back)).isEqualTo(said(conversation));
        assertThat(back.tools())
                .extracting(Tool::name, Tool::description, Tool::parameters)
                .isEqualTo(
                        conversation.tools().stream()
                                .map(
                                        tool ->
                                                tuple(
                                                        tool.name(),
                                                        tool.description(),
                                                        tool.parameters()))
                                .toList());
        assertThat(back.toolChoice()).isEqualTo(conversation.toolChoice());
        assertThat(back.stop()).isEqualTo(conversation.stop());
        assertThat(back.maxOutputTokens()).isEqualTo(conversation.maxOutputTokens());
        assertThat(schema(back)).isEqualTo(schema(conversation));
    }

    @Property(tries = 300)
    void anAnswerIsReadAsItWasWritten(@ForAll Dialect dialect, @ForAll long seed) {
        var answer = answer(new SplittableRandom(seed));
        var json = client(dialect).answer(answer, terms(dialect));
        var read = provider(dialect).answer(json, "seed");
        assertThat(read).isInstanceOf(Reading.Read.class);
        var back = ((Reading.Read) read).answer();
        assertThat(back.parts()).isEqualTo(answer.parts());
        assertThat(TranslatedBridge.finish(back.finish(), back.callsTools()))
                .isEqualTo(answer.finish());
        assertThat(back.usage()).isEqualTo(answer.usage());
        assertThat(back.model()).isEqualTo(answer.model());
    }

    @Property(tries = 300)
    void aStreamSaysWhatWasWritten(@ForAll Dialect dialect, @ForAll long seed) {
        var random = new SplittableRandom(seed);
        var answer = answer(random);
        var bytes = new ByteArrayOutputStream();
        var out = new SseOut(bytes::write);
        var writer = client(dialect).stream(terms(dialect));
        for (var event : events(answer, random)) {
            writer.write(event, out);
        }
        writer.close(out);
        var seen = new Heard();
        var reader = provider(dialect).stream("seed");
        var stream = bytes.toByteArray();
        new SseParser(1 << 20)
                .feed(
                        stream,
                        0,
                        stream.length,
                        event -> {
                            if (event.dataIs("[DONE]")) {
                                reader.end(seen::hear);
                            } else {
                                reader.event(
                                        event.event(),
                                        Json.parse(event.array(), event.from(), event.length()),
                                        seen::hear);
                            }
                        });
        reader.end(seen::hear);
        assertThat(seen.done).isTrue();
        if (dialect == Dialect.GEMINI) {
            // A call goes out when it is whole: calls that overlap come in the order of their ends.
            assertThat(seen.parts()).containsExactlyInAnyOrderElementsOf(answer.parts());
        } else {
            assertThat(seen.parts()).isEqualTo(answer.parts());
        }
        assertThat(TranslatedBridge.finish(seen.finish, answer.callsTools()))
                .isEqualTo(answer.finish());
        assertThat(seen.usage).isEqualTo(answer.usage());
    }

    /** Puts a stream together as an application does. */
    private static final class Heard {
        private final StringBuilder text = new StringBuilder();
        private final StringBuilder reasoning = new StringBuilder();
        private final Map<Integer, AnswerEvent.ToolCallStart> calls = new TreeMap<>();
        private final Map<Integer, StringBuilder> arguments = new TreeMap<>();
        private FinishReason finish;
        private Usage usage;
        private boolean done;

        void hear(AnswerEvent event) {
            switch (event) {
                case AnswerEvent.TextDelta(var delta) -> text.append(delta);
                case AnswerEvent.ReasoningDelta(var delta) -> reasoning.append(delta);
                case AnswerEvent.ToolCallStart start -> {
                    calls.put(start.call(), start);
                    arguments.put(start.call(), new StringBuilder());
                }
                case AnswerEvent.ToolCallDelta(int call, var delta) ->
                        arguments.get(call).append(delta);
                case AnswerEvent.Finished(var reason, _, _) -> finish = reason;
                case AnswerEvent.UsageSeen(var seen) -> usage = seen;
                case AnswerEvent.Done() -> done = true;
                case AnswerEvent.Failed failed -> throw new AssertionError(failed);
                case AnswerEvent.Start _,
                        AnswerEvent.Of _,
                        AnswerEvent.ToolCallEnd _,
                        AnswerEvent.ReasoningSigned _,
                        AnswerEvent.ReasoningRedacted _,
                        AnswerEvent.Cited _,
                        AnswerEvent.Logprobs _,
                        AnswerEvent.MediaMade _,
                        AnswerEvent.RefusalDelta _ -> {}
            }
        }

        List<Part> parts() {
            var parts = new ArrayList<Part>();
            if (!reasoning.isEmpty()) {
                parts.add(new Part.Reasoning(reasoning.toString(), null, false));
            }
            if (!text.isEmpty()) {
                parts.add(new Part.Text(text.toString()));
            }
            calls.forEach(
                    (number, call) ->
                            parts.add(call(call.id(), call.name(), arguments.get(number))));
            return parts;
        }
    }

    private static Part.ToolCall call(String id, String name, CharSequence arguments) {
        return new Part.ToolCall(
                id, name, Json.write(Json.arguments(arguments.toString())), false, null);
    }

    /** The answer in pieces, the pieces of its calls in turns, the usage more than once. */
    private static List<AnswerEvent> events(Answer answer, SplittableRandom random) {
        var events = new ArrayList<AnswerEvent>();
        events.add(new AnswerEvent.Start(answer.id(), answer.model()));
        var calls = new ArrayList<List<AnswerEvent>>();
        for (var part : answer.parts()) {
            switch (part) {
                case Part.Reasoning(var text, _, _) ->
                        pieces(text, random)
                                .forEach(each -> events.add(new AnswerEvent.ReasoningDelta(each)));
                case Part.Text(var text, _, _, _) ->
                        pieces(text, random)
                                .forEach(each -> events.add(new AnswerEvent.TextDelta(each)));
                case Part.ToolCall call -> calls.add(events(call, calls.size(), random));
                default -> throw new IllegalStateException("part: " + part);
            }
        }
        events.add(new AnswerEvent.UsageSeen(new Usage(1, 0, 0, 0, 0, 0, 0, 0, 0)));
        while (!calls.isEmpty()) {
            var call = calls.get(random.nextInt(calls.size()));
            events.add(call.removeFirst());
            calls.removeIf(List::isEmpty);
        }
        events.add(new AnswerEvent.UsageSeen(answer.usage()));
        events.add(new AnswerEvent.Finished(answer.finish(), "word", null));
        return inOrderOfTheirStarts(events);
    }

    /** Calls are numbered in the order in which they start. */
    private static List<AnswerEvent> inOrderOfTheirStarts(List<AnswerEvent> events) {
        var starts =
                events.stream()
                        .filter(AnswerEvent.ToolCallStart.class::isInstance)
                        .map(AnswerEvent.ToolCallStart.class::cast)
                        .sorted(Comparator.comparingInt(AnswerEvent.ToolCallStart::call))
                        .iterator();
        int at =
                IntStream.range(0, events.size())
                        .filter(i -> events.get(i) instanceof AnswerEvent.ToolCallStart)
                        .findFirst()
                        .orElse(-1);
        var result = new ArrayList<AnswerEvent>();
        for (int i = 0; i < events.size(); i++) {
            while (i == at && starts.hasNext()) {
                result.add(starts.next());
            }
            if (!(events.get(i) instanceof AnswerEvent.ToolCallStart)) {
                result.add(events.get(i));
            }
        }
        return result;
    }

    private static List<AnswerEvent> events(
            Part.ToolCall call, int number, SplittableRandom random) {
        var events = new ArrayList<AnswerEvent>();
        events.add(new AnswerEvent.ToolCallStart(number, call.id(), call.name(), false, null));
        pieces(call.arguments(), random)
                .forEach(each -> events.add(new AnswerEvent.ToolCallDelta(number, each)));
        events.add(new AnswerEvent.ToolCallEnd(number));
        return events;
    }

    /** Never within a surrogate pair: providers cut at characters. */
    private static List<String> pieces(String text, SplittableRandom random) {
        var pieces = new ArrayList<String>();
        int at = 0;
        while (at < text.length()) {
            int end = Math.min(text.length(), at + 1 + random.nextInt(5));
            if (end < text.length() && Character.isLowSurrogate(text.charAt(end))) {
                end++;
            }
            pieces.add(text.substring(at, end));
            at = end;
        }
        return pieces;
    }

    private static Answer answer(SplittableRandom random) {
        var parts = new ArrayList<Part>();
        if (random.nextBoolean()) {
            parts.add(new Part.Reasoning(text(random), null, false));
        }
        int calls = random.nextInt(4);
        if (calls == 0 || random.nextBoolean()) {
            parts.add(new Part.Text(text(random)));
        }
        for (int i = 0; i < calls; i++) {
            parts.add(call("call_" + i, "tool_" + random.nextInt(2), arguments(random)));
        }
        long input = random.nextLong(1, 10_000);
        long output = random.nextLong(1, 10_000);
        var usage =
                new Usage(
                        input,
                        random.nextLong(input + 1),
                        0,
                        0,
                        output,
                        random.nextLong(output + 1),
                        0,
                        0,
                        0);
        var finish =
                calls > 0
                        ? FinishReason.TOOL_CALLS
                        : random.nextBoolean() ? FinishReason.STOP : FinishReason.LENGTH;
        return new Answer("id_1", "model-1", parts, finish, "word", null, usage);
    }

    private static String text(SplittableRandom random) {
        var text = new StringBuilder("t");
        for (int i = random.nextInt(6); i > 0; i--) {
            text.append(TEXTS.get(random.nextInt(TEXTS.size())));
        }
        return text.toString();
    }

    private static String arguments(SplittableRandom random) {
        var arguments = Json.object();
        for (int i = random.nextInt(3); i > 0; i--) {
            arguments.put("k" + i, text(random));
            arguments.putObject("o" + i).put("n", random.nextInt()).putArray("a").add(true);
        }
        return Json.write(arguments);
    }

    private static Conversation conversation(Dialect dialect, SplittableRandom random) {
        var turns = new ArrayList<Turn>();
        if (random.nextBoolean()) {
            turns.add(new Turn(Role.SYSTEM, List.of(new Part.Text(text(random)))));
        }
        boolean tells = dialect == Dialect.ANTHROPIC || dialect == Dialect.GEMINI;
        for (int i = 0; i <= random.nextInt(3); i++) {
            turns.add(user(random));
            int calls = random.nextInt(3);
            var assistant = new ArrayList<Part>();
            assistant.add(new Part.Text(text(random)));
            var results = new ArrayList<Part>();
            for (int c = 0; c < calls; c++) {
                var id = "call_" + i + "_" + c;
                assistant.add(call(id, "tool_" + c, arguments(random)));
                results.add(
                        new Part.ToolResult(
                                id,
                                "tool_" + c,
                                List.of(new Part.Text(text(random))),
                                tells && random.nextBoolean(),
                                null));
            }
            turns.add(new Turn(Role.ASSISTANT, assistant));
            if (calls > 0) {
                turns.add(new Turn(Role.USER, results));
                turns.add(new Turn(Role.ASSISTANT, List.of(new Part.Text(text(random)))));
            }
        }
        turns.add(user(random));
        var tools =
                IntStream.range(0, random.nextInt(3))
                        .mapToObj(
                                i -> new Tool("tool_" + i, text(random), SCHEMA, null, false, null))
                        .toList();
        ToolChoice choice =
                tools.isEmpty()
                        ? null
                        : List.of(
                                        new ToolChoice.Auto(),
                                        new ToolChoice.None(),
                                        new ToolChoice.Required(),
                                        new ToolChoice.Named("tool_0"))
                                .get(random.nextInt(4));
        boolean schema = tools.isEmpty() && random.nextBoolean();
        return new Conversation(
                turns,
                tools,
                choice,
                null,
                schema
                        ? new OutputFormat.JsonSchema("answer", null, SCHEMA, true)
                        : new OutputFormat.Free(),
                Sampling.DEFAULT,
                dialect == Dialect.OPENAI_RESPONSES ? List.of() : List.of("stop", "§"),
                OptionalLong.of(random.nextLong(16, 4096)),
                null,
                null,
                1,
                Map.of());
    }

    private static Turn user(SplittableRandom random) {
        var text = new Part.Text(text(random));
        return new Turn(
                Role.USER,
                random.nextBoolean()
                        ? List.of(text)
                        : List.of(
                                text,
                                new Part.Image(new Media.Inline("image/png", "AAAA"), null, null)));
    }

    /** Who says what, apart from how a dialect groups it. */
    private static List<String> said(Conversation conversation) {
        var said = new ArrayList<String>();
        for (var turn : conversation.turns()) {
            for (var part : turn.parts()) {
                said.add(
                        turn.role()
                                + " "
                                + switch (part) {
                                    case Part.Text(var text, _, _, _) -> "says " + text;
                                    case Part.Image(var media, _, _) -> "shows " + media;
                                    case Part.ToolCall call ->
                                            "calls "
                                                    + call(
                                                            call.id(),
                                                            call.name(),
                                                            call.arguments());
                                    case Part.ToolResult result ->
                                            "tells "
                                                    + result.callId()
                                                    + result.name()
                                                    + result.content()
                                                    + result.error();
                                    default -> "has " + part;
                                });
            }
        }
        return said;
    }

    private static Object schema(Conversation conversation) {
        return conversation.format() instanceof OutputFormat.JsonSchema wanted
                ? wanted.schema()
                : "free";
    }

    /** Of OpenAI's own models none takes all that its dialect can say. */
    private static RequestTerms terms(RequestTerms terms) {
        return new RequestTerms(
                terms.model().equals("gpt-5") ? "m" : terms.model(),
                terms.maxOutputTokens(),
                terms.catalogMaxOutputTokens(),
                terms.quirks());
    }

    private static ClientTerms terms(Dialect dialect) {
        var body = Json.parseObject(Exchanges.hello(dialect));
        var request = ((Decoded.Request) client(dialect).request(body)).conversation();
        return new ClientTerms("id", 1_700_000_000, null, true, true, 3, body, request);
    }

    private static ClientCodec client(Dialect dialect) {
        return switch (dialect) {
            case OPENAI_CHAT -> new OpenAiChat();
            case OPENAI_RESPONSES -> new OpenAiResponses();
            case ANTHROPIC -> new AnthropicMessages();
            case GEMINI -> new Gemini();
        };
    }

    private static ProviderCodec provider(Dialect dialect) {
        return (ProviderCodec) client(dialect);
    }
}
