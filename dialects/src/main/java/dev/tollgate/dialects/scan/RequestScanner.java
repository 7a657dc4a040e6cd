package dev.tollgate.dialects.scan;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import dev.tollgate.dialects.Ingress;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.Scanned;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.regex.Pattern;

/**
 * Reads a request's bytes once, strictly, and without building a tree. What two parsers might read
 * differently is refused, because the gateway would price one reading and the provider bill the
 * other: invalid JSON or UTF-8, bytes behind the object, a name twice at the top level or in an
 * object that is priced or rewritten, and names that differ from such a field only in their case.
 * Thread-safe, since it keeps nothing.
 */
public final class RequestScanner {
    private static final int MAX_REASON_LENGTH = 200;

    /** What the parser says of its input in the midst of a message: nothing that helps. */
    private static final Pattern SOURCE = Pattern.compile("Source: [^;\\]]*; ");

    private RequestScanner() {}

    /** Scans the body of a request that has one. */
    public static Scanned scan(Ingress ingress, byte[] body) {
        int invalid = Utf8.firstInvalid(body);
        if (invalid >= 0) {
            return new Scanned.Malformed("the body is not valid UTF-8 at byte " + invalid, null);
        }
        int first = 0;
        while (first < body.length && isSpace(body[first])) {
            first++;
        }
        // Also keeps the parser from guessing UTF-16 or UTF-32, which begin with other bytes.
        if (first == body.length || body[first] != '{' || hasNul(body, first)) {
            return new Scanned.Malformed(
                    body.length == 0
                            ? "the body is empty (expected: a JSON object)"
                            : "the body is not a JSON object",
                    null);
        }
        try (var cursor = new Cursor(body)) {
            cursor.next();
            var tally = new Tally(ingress);
            tally.bodyStart = first + 1;
            readBody(cursor, tally);
            if (cursor.next() != null) {
                return new Scanned.Malformed("the body goes on behind its JSON object", null);
            }
            return tally.build();
        } catch (MalformedBody e) {
            return new Scanned.Malformed(e.problem(), e.param());
        } catch (StreamConstraintsException e) {
            return new Scanned.Malformed(
                    "the body exceeds a limit of JSON: "
                            + reason(e)
                            + " (nesting: at most "
                            + Cursor.MAX_DEPTH
                            + ")",
                    null);
        } catch (JsonProcessingException e) {
            var at = e.getLocation();
            return new Scanned.Malformed(
                    "the body is not valid JSON"
                            + (at == null
                                    ? ""
                                    : " at line " + at.getLineNr() + ", column " + at.getColumnNr())
                            + ": "
                            + reason(e),
                    null);
        } catch (IOException e) {
            throw new UncheckedIOException("reading an array of bytes failed", e);
        }
    }

    private static void readBody(Cursor cursor, Tally tally) throws IOException, MalformedBody {
        var operation = tally.ingress.operation();
        if (operation == Operation.LIST_MODELS || operation == Operation.GET_MODEL) {
            throw new IllegalArgumentException(
                    "operation: " + operation + " (expected: one with a body)");
        }
        if (operation == Operation.PASS) {
            PassScan.read(cursor, tally);
            return;
        }
        switch (tally.ingress.dialect()) {
            case OPENAI_CHAT -> {
                if (operation == Operation.EMBED) {
                    OpenAiEmbedScan.read(cursor, tally);
                } else {
                    OpenAiChatScan.read(cursor, tally);
                }
            }
            case OPENAI_RESPONSES -> ResponsesScan.read(cursor, tally);
            case ANTHROPIC -> AnthropicScan.read(cursor, tally);
            case GEMINI -> GeminiScan.read(cursor, tally);
        }
    }

    private static String reason(JsonProcessingException e) {
        var reason = e.getOriginalMessage();
        if (reason == null) {
            return "unreadable";
        }
        int line = reason.indexOf('\n');
        var first = SOURCE.matcher(line < 0 ? reason : reason.substring(0, line)).replaceAll("");
        return first.length() > MAX_REASON_LENGTH ? first.substring(0, MAX_REASON_LENGTH) : first;
    }

    private static boolean isSpace(byte b) {
        return b == ' ' || b == '\n' || b == '\r' || b == '\t';
    }

    /** A NUL in the first bytes is what makes a parser guess a wider encoding. */
    private static boolean hasNul(byte[] body, int first) {
        for (int i = 0; i < Math.min(body.length, first + 4); i++) {
            if (body[i] == 0) {
                return true;
            }
        }
        return false;
    }
}
