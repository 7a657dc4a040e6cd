package dev.tollgate.dialects.scan;

import dev.tollgate.dialects.Ingress;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.RequestScan.Feature;
import dev.tollgate.dialects.RequestScan.Places;
import dev.tollgate.dialects.RequestScan.Span;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a scan has found so far. */
final class Tally {
    private static final int MAX_UNBOUNDED = 16;
    private static final int MAX_CHOICES = 128;
    private static final int MAX_MODEL_LENGTH = 512;

    final Ingress ingress;
    int bodyStart;
    boolean empty = true;
    @Nullable String model;
    boolean stream;
    long maxOutputTokens = -1;
    int choices = 1;
    boolean includeUsage;
    int messages;
    long textBytes;
    int images;
    long documentBytes;
    @Nullable String temperature;
    boolean responsesShape;
    @Nullable Span modelPlace;
    @Nullable Span streamOptionsPlace;
    @Nullable Span includeUsagePlace;
    @Nullable Span generationConfigPlace;
    private List<Span> limitPlaces = List.of();
    private List<Span> otherModels = List.of();
    private final EnumSet<Feature> features = EnumSet.noneOf(Feature.class);
    private List<String> unbounded = List.of();

    Tally(Ingress ingress) {
        this.ingress = ingress;
    }

    /** Reads {@code model}. */
    void model(Cursor cursor) throws IOException, MalformedBody {
        var name = cursor.string("model");
        if (name == null || name.isEmpty() || name.length() > MAX_MODEL_LENGTH) {
            throw new MalformedBody(
                    "`model` is empty or too long (expected: the name of a model)", "model");
        }
        model = name;
        modelPlace = cursor.span();
    }

    /** Notes a value that repeats the model which the path names. */
    void otherModel(Cursor cursor) throws IOException {
        if (otherModels.isEmpty()) {
            otherModels = new ArrayList<>(4);
        }
        otherModels.add(cursor.span());
    }

    void stream(Cursor cursor) throws IOException, MalformedBody {
        stream = cursor.bool("stream");
        if (stream && ingress.operation() == Operation.COUNT_TOKENS) {
            throw new MalformedBody("`stream` has no place in a count of tokens", "stream");
        }
    }

    /** Reads an output limit; of several the largest holds. */
    void limit(Cursor cursor, String param) throws IOException, MalformedBody {
        maxOutputTokens = Math.max(maxOutputTokens, cursor.count(param).orElse(-1));
        if (limitPlaces.isEmpty()) {
            limitPlaces = new ArrayList<>(2);
        }
        limitPlaces.add(cursor.span());
    }

    void choices(Cursor cursor, String param) throws IOException, MalformedBody {
        var count = cursor.count(param);
        if (count.isPresent()) {
            long n = count.getAsLong();
            if (n < 1 || n > MAX_CHOICES) {
                throw new MalformedBody(
                        "`" + param + "` is " + n + " (expected: 1 to " + MAX_CHOICES + ")", param);
            }
            choices = (int) n;
        }
    }

    /** One more input whose embedding is asked for. */
    void embedding(int number) {
        choices = Math.max(1, number);
    }

    void temperature(Cursor cursor, String param) throws IOException, MalformedBody {
        temperature = cursor.number(param);
    }

    /** Passes over a value that the model may read. */
    void text(Cursor cursor) throws IOException {
        textBytes += cursor.textBytes();
    }

    void feature(Feature feature) {
        features.add(feature);
    }

    /** Notes by which field the input, or the cost, is not bounded by the body. */
    void unbounded(String what) {
        if (unbounded.isEmpty()) {
            unbounded = new ArrayList<>(4);
        }
        if (unbounded.size() < MAX_UNBOUNDED && !unbounded.contains(what)) {
            unbounded.add(what);
        }
    }

    /**
     * Passes over a field that chooses another price: a tier of service, a speed, a place. What is
     * not known to cost the list price or less has no bound.
     */
    void priced(Cursor cursor, String field, Set<String> atListPrice) throws IOException {
        boolean nothing = cursor.isNull();
        var word = cursor.word();
        if (!nothing && (word == null || !atListPrice.contains(word))) {
            unbounded(field);
        }
    }

    /** Passes over the kinds of output asked for: an image or a film has prices of its own. */
    void outputKinds(Cursor cursor, String field) throws IOException {
        if (!cursor.isArray()) {
            priced(cursor, field, Set.of());
            return;
        }
        while (cursor.nextElement()) {
            var kind = cursor.word();
            if (kind != null && kind.equalsIgnoreCase("audio")) {
                feature(Feature.AUDIO);
            } else if (kind == null || !kind.equalsIgnoreCase("text")) {
                unbounded(field);
            }
        }
    }

    void image() {
        images++;
        features.add(Feature.VISION);
    }

    /**
     * Passes over a URL of an image, in place or elsewhere. Its size is bounded by what the model
     * reads of an image. A data URL of something else is counted as that.
     */
    void imageUrl(Cursor cursor, String where) throws IOException {
        if (!cursor.isString()) {
            text(cursor);
        } else if (cursor.stringStartsWith("data:image/")) {
            image();
        } else if (cursor.stringStartsWith("data:")) {
            dataUrl(cursor, where);
        } else {
            image();
            text(cursor);
        }
    }

    /** Passes over a data URL of a document. */
    void dataUrl(Cursor cursor, String where) {
        if (cursor.stringStartsWith("data:application/pdf")) {
            documentBytes += cursor.decodedBase64Bytes();
        } else if (cursor.stringStartsWith("data:text/")) {
            textBytes += cursor.decodedBase64Bytes();
        } else {
            unbounded(where);
        }
    }

    /** Base64 of this media type. */
    void media(@Nullable String mediaType, long decodedBytes, String where) {
        if (mediaType == null) {
            unbounded(where);
        } else if (mediaType.startsWith("image/")) {
            image();
        } else if (mediaType.equals("application/pdf")) {
            documentBytes += decodedBytes;
        } else if (mediaType.startsWith("text/") || mediaType.equals("application/json")) {
            textBytes += decodedBytes;
        } else {
            if (mediaType.startsWith("audio/")) {
                features.add(Feature.AUDIO);
            }
            unbounded(where);
        }
    }

    RequestScan build() {
        return new RequestScan(
                ingress.dialect(),
                ingress.operation(),
                model,
                stream,
                maxOutputTokens < 0 ? OptionalLong.empty() : OptionalLong.of(maxOutputTokens),
                choices,
                includeUsage,
                messages,
                textBytes,
                images,
                documentBytes,
                temperature,
                responsesShape,
                features,
                unbounded,
                new Places(
                        bodyStart,
                        empty,
                        modelPlace,
                        limitPlaces,
                        streamOptionsPlace,
                        includeUsagePlace,
                        generationConfigPlace,
                        otherModels));
    }
}
