package dev.tollgate.dialects.error;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.ErrorKind;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** An error in the client's own dialect: as a whole answer, and as the last event of a stream. */
public final class ErrorBody {
    private static final JsonMapper JSON = new JsonMapper();
    private static final String CONTENT_TYPE = "application/json";

    private ErrorBody() {}

    /**
     * An answer.
     *
     * @param retryHelps whether the same request may succeed later; if not, {@code x-should-retry:
     *     false} belongs in the head
     */
    public record Rendered(int status, String contentType, byte[] bytes, boolean retryHelps) {}

    /**
     * @param message for the client: what is wrong and what to do
     * @param param the field at fault, in dialects that name it
     * @param requestId the gateway's id of the request, in dialects whose envelope has one
     */
    public static Rendered of(
            Dialect client,
            ErrorKind kind,
            String message,
            @Nullable String param,
            String requestId) {
        var words = ErrorWords.of(kind);
        var body = envelope(client, kind, words, message, param, requestId);
        return new Rendered(words.status(), CONTENT_TYPE, bytes(body), words.retryHelps());
    }

    /**
     * What ends a stream that failed; nothing may follow it but, in Gemini's JSON array, the
     * closing bracket.
     *
     * @param sse whether to frame it as a server-sent event; else the bare object
     */
    public static byte[] event(Dialect client, ErrorKind kind, String message, boolean sse) {
        var words = ErrorWords.of(kind);
        return switch (client) {
            case OPENAI_CHAT ->
                    framed(null, envelope(client, kind, words, message, null, null), sse);
            case ANTHROPIC ->
                    framed("error", envelope(client, kind, words, message, null, null), sse);
            case GEMINI -> framed(null, envelope(client, kind, words, message, null, null), sse);
            case OPENAI_RESPONSES -> responsesEvent(kind, message, 0);
        };
    }

    /**
     * The same of a Responses stream, whose events are numbered.
     *
     * @param sequence the number of the event behind the last one that the client has
     */
    public static byte[] responsesEvent(ErrorKind kind, String message, int sequence) {
        var event = JSON.createObjectNode();
        event.put("type", "error");
        event.put("code", ErrorWords.of(kind).code());
        event.put("message", message(Dialect.OPENAI_RESPONSES, kind, message));
        event.putNull("param");
        event.put("sequence_number", sequence);
        return framed("error", event, true);
    }

    /** The status that {@link #of} gives this kind. */
    public static int status(ErrorKind kind) {
        return ErrorWords.of(kind).status();
    }

    /** Whether the same request may succeed later without a change. */
    public static boolean retryHelps(ErrorKind kind) {
        return ErrorWords.of(kind).retryHelps();
    }

    /** The message as this kind of error reads in the client's dialect. */
    public static String message(Dialect client, ErrorKind kind, String message) {
        return kind == ErrorKind.CONTEXT_LENGTH ? ContextLength.message(client, message) : message;
    }

    private static ObjectNode envelope(
            Dialect client,
            ErrorKind kind,
            ErrorWords words,
            String text,
            @Nullable String param,
            @Nullable String requestId) {
        var message = message(client, kind, text);
        var root = JSON.createObjectNode();
        switch (client) {
            case OPENAI_CHAT, OPENAI_RESPONSES -> {
                var error = root.putObject("error");
                error.put("message", message);
                error.put("type", words.openAiType());
                error.put("param", param);
                error.put("code", words.code());
            }
            case ANTHROPIC -> {
                root.put("type", "error");
                var error = root.putObject("error");
                error.put("type", words.anthropicType());
                error.put("message", message);
                if (requestId != null) {
                    root.put("request_id", requestId);
                }
            }
            case GEMINI -> {
                var error = root.putObject("error");
                error.put("code", words.status());
                error.put("message", message);
                error.put("status", words.geminiStatus());
            }
        }
        return root;
    }

    private static byte[] framed(@Nullable String event, ObjectNode data, boolean sse) {
        if (!sse) {
            return bytes(data);
        }
        var name = event == null ? "" : "event: " + event + "\n";
        return (name + "data: " + data + "\n\n").getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] bytes(ObjectNode node) {
        try {
            return JSON.writeValueAsBytes(node);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(
                    "a tree of strings and numbers could not be written", e);
        }
    }
}
