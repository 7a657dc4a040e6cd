package dev.tollgate.dialects.same;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.RequestScan.Span;
import dev.tollgate.dialects.Usage;
import dev.tollgate.dialects.conversation.AnswerEvent;
import dev.tollgate.dialects.json.JsonCursor;
import dev.tollgate.dialects.usage.RunningUsage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What has been read of an answer so far, whole or event by event. */
final class Facts {
    private static final JsonMapper JSON = new JsonMapper();

    private final RunningUsage usage;

    @Nullable String model;
    @Nullable String finishReason;

    private final BitSet finished = new BitSet();

    /** Of a chat stream: the last usage came with a choice, and may be of that one alone. */
    boolean usageOfOne;

    /** A finish reason came that says nothing. */
    boolean emptyFinish;

    boolean terminal;

    /** Of a Responses stream: the number of the event behind the last one. */
    int nextSequence;

    boolean token;
    long visibleBytes;

    /** Of the event at hand: the values that name the model, and whether it holds an error. */
    final List<Span> modelPlaces = new ArrayList<>(2);

    boolean error;
    boolean usageHere;

    /** Of a chat chunk: where its null usage stands; negative: it has none. */
    int nullUsageAt = -1;

    boolean choicesEmpty;

    Facts(Dialect dialect) {
        usage = new RunningUsage(dialect);
    }

    void nextEvent() {
        modelPlaces.clear();
        error = false;
        usageHere = false;
        nullUsageAt = -1;
        choicesEmpty = false;
    }

    @Nullable Usage usage() {
        return usage.usage();
    }

    /** Whether the usage is less than what was told before. */
    boolean usageShrank() {
        return usage.shrank();
    }

    /** Reads the value of a member that names the model. */
    void model(JsonCursor cursor) throws IOException {
        if (cursor.isString()) {
            model = cursor.text();
            modelPlaces.add(cursor.span());
        } else {
            cursor.skip();
        }
    }

    /**
     * Reads a finish reason; a null says that there is none yet, some servers write "".
     *
     * @return whether there is one
     */
    boolean finish(JsonCursor cursor) throws IOException {
        var word = cursor.word();
        if (word == null) {
            return false;
        }
        if (word.isEmpty()) {
            emptyFinish = true;
            return false;
        }
        finishReason = word;
        return true;
    }

    /** One of the choices has a finish reason. */
    void finished(int choice, boolean here) {
        if (here && choice >= 0 && choice < AnswerEvent.MAX_CHOICES) {
            finished.set(choice);
        }
    }

    /** Whether so many choices have finished, and the usage is of all of them. */
    boolean finished(int choices) {
        return finishReason != null
                && (choices <= 1 || finished.cardinality() >= choices && !usageOfOne);
    }

    /** Counts a string that the client's user can see; other values count as they stand. */
    void visible(JsonCursor cursor) throws IOException {
        if (cursor.isNull()) {
            return;
        }
        long bytes = cursor.textBytes();
        visibleBytes += bytes;
        token |= bytes > 0;
    }

    /** Reads a usage object. */
    void usage(JsonCursor cursor, byte[] array) throws IOException {
        if (!cursor.isObject()) {
            cursor.skip();
            return;
        }
        var place = cursor.span();
        var node = JSON.readTree(array, place.from(), place.to() - place.from());
        if (!(node instanceof ObjectNode object)) {
            return;
        }
        usageHere = true;
        usage.saw(object);
    }
}
