package dev.tollgate.dialects.same;

import dev.tollgate.dialects.Bridge.Outbound;
import dev.tollgate.dialects.Bridge.RequestTerms;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.RequestScan.Span;
import dev.tollgate.dialects.json.JsonText;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Writes into a request what the gateway has decided: the model, the output limit, and that a chat
 * stream reports its usage. A value that is already right keeps its spelling.
 */
final class RequestSplicer {
    /** An old server that knows {@code max_tokens} and not {@code max_completion_tokens}. */
    static final String QUIRK_MAX_TOKENS = "max_tokens";

    /** A server that refuses {@code stream_options}; it reports usage without being asked. */
    static final String QUIRK_NO_STREAM_OPTIONS = "no_stream_options";

    private static final byte[] TRUE = {'t', 'r', 'u', 'e'};

    private RequestSplicer() {}

    static Outbound request(RequestScan scan, byte[] body, RequestTerms terms) {
        var splice = new Splice();
        var inserted = new StringBuilder();
        model(scan, body, terms.model(), splice);
        if (scan.operation() == Operation.GENERATE) {
            limit(scan, body, terms, splice, inserted);
            if (scan.dialect() == Dialect.OPENAI_CHAT
                    && scan.stream()
                    && !scan.includeUsage()
                    && !terms.quirks().contains(QUIRK_NO_STREAM_OPTIONS)) {
                askForUsage(scan, body, splice, inserted);
            }
        }
        if (!inserted.isEmpty()) {
            if (scan.places().emptyObject()) {
                inserted.setLength(inserted.length() - 1);
            }
            splice.insert(scan.places().bodyStart(), inserted.toString());
        }
        return new Outbound.Ready(splice.apply(body), List.of());
    }

    private static void model(RequestScan scan, byte[] body, String model, Splice splice) {
        var places = scan.places();
        if (places.model() != null && !model.equals(scan.model())) {
            splice.replace(places.model(), Splice.quoted(model));
        }
        for (var place : places.otherModels()) {
            boolean prefixed = JsonText.startsWith(body, place.from() + 1, "models/");
            var written = Splice.quoted(prefixed ? "models/" + model : model);
            if (!isAt(body, place, written)) {
                splice.replace(place, written);
            }
        }
    }

    private static void limit(
            RequestScan scan,
            byte[] body,
            RequestTerms terms,
            Splice splice,
            StringBuilder inserted) {
        var places = scan.places().maxOutputTokens();
        var limit = terms.maxOutputTokens();
        if (limit.isPresent()) {
            var digits = Long.toString(limit.getAsLong()).getBytes(StandardCharsets.US_ASCII);
            for (var place : places) {
                if (!isAt(body, place, digits)) {
                    splice.replace(place, digits);
                }
            }
        }
        switch (scan.dialect()) {
            case OPENAI_CHAT -> chatLimit(scan, body, terms, inserted);
            case OPENAI_RESPONSES -> insertLimit(places, limit, "max_output_tokens", inserted);
            case ANTHROPIC -> {
                var orMaximum = limit.isPresent() ? limit : terms.catalogMaxOutputTokens();
                insertLimit(places, orMaximum, "max_tokens", inserted);
            }
            case GEMINI -> {
                if (limit.isPresent() && places.isEmpty()) {
                    geminiLimit(scan, body, limit.getAsLong(), splice, inserted);
                }
            }
        }
    }

    private static void insertLimit(
            List<Span> places, OptionalLong limit, String name, StringBuilder inserted) {
        if (limit.isPresent() && places.isEmpty()) {
            inserted.append('"').append(name).append("\":").append(limit.getAsLong()).append(',');
        }
    }

    private static void chatLimit(
            RequestScan scan, byte[] body, RequestTerms terms, StringBuilder inserted) {
        var places = scan.places().maxOutputTokens();
        if (!terms.quirks().contains(QUIRK_MAX_TOKENS)) {
            insertLimit(places, terms.maxOutputTokens(), "max_completion_tokens", inserted);
            return;
        }
        var limit =
                terms.maxOutputTokens().isPresent()
                        ? terms.maxOutputTokens()
                        : scan.maxOutputTokens();
        boolean known = false;
        for (var place : places) {
            // Spelled with escapes, either name counts as the older: then nothing is inserted
            // twice.
            known |= !isMember(body, place, "max_completion_tokens");
        }
        // The server ignores the newer name, under which the answer would have no limit.
        if (!known) {
            insertLimit(List.of(), limit, "max_tokens", inserted);
        }
    }

    private static void geminiLimit(
            RequestScan scan, byte[] body, long limit, Splice splice, StringBuilder inserted) {
        var member = "\"maxOutputTokens\":" + limit;
        insertIn(
                scan.places().generationConfig(),
                body,
                member,
                "\"generationConfig\":{" + member + "},",
                splice,
                inserted);
    }

    private static void askForUsage(
            RequestScan scan, byte[] body, Splice splice, StringBuilder inserted) {
        var place = scan.places().includeUsage();
        if (place != null) {
            splice.replace(place, TRUE);
            return;
        }
        var member = "\"include_usage\":true";
        insertIn(
                scan.places().streamOptions(),
                body,
                member,
                "\"stream_options\":{" + member + "},",
                splice,
                inserted);
    }

    /** Puts a member into an object that is there, in place of its null, or with a new object. */
    private static void insertIn(
            @Nullable Span object,
            byte[] body,
            String member,
            String whole,
            Splice splice,
            StringBuilder inserted) {
        if (object == null) {
            inserted.append(whole);
        } else if (body[object.from()] != '{') {
            splice.replace(object, ("{" + member + "}").getBytes(StandardCharsets.UTF_8));
        } else {
            boolean empty = true;
            for (int i = object.from() + 1; i < object.to() - 1; i++) {
                empty &= body[i] <= ' ';
            }
            splice.insert(object.from() + 1, empty ? member : member + ",");
        }
    }

    /** Whether the value at this place belongs to the member of this name. */
    private static boolean isMember(byte[] body, Span value, String name) {
        int i = value.from() - 1;
        while (i > 0 && (body[i] == ':' || body[i] <= ' ')) {
            i--;
        }
        int start = i - name.length();
        return start > 0 && body[start - 1] == '"' && JsonText.startsWith(body, start, name);
    }

    private static boolean isAt(byte[] body, Span place, byte[] value) {
        return Arrays.equals(body, place.from(), place.to(), value, 0, value.length);
    }
}
