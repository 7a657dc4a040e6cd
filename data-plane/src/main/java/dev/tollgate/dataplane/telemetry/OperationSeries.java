package dev.tollgate.dataplane.telemetry;

import dev.tollgate.dialects.Usage;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The {@code gen_ai.client} figures of the attempts at one model of one server, as OpenTelemetry
 * names them (protocols.md, 10.3). What providers write, such as the model of an answer, is no
 * label.
 */
public final class OperationSeries {

    record Key(String operation, String provider, String model, String address, int port) {}

    /** The label of what did not end in an error. */
    static final String NO_ERROR = "";

    final Key key;

    /** By the word of their error. */
    final ConcurrentHashMap<String, Histogram> duration = new ConcurrentHashMap<>();

    final Histogram firstChunk = Histogram.ofOperations();
    final Histogram inputTokens = Histogram.ofTokens();
    final Histogram outputTokens = Histogram.ofTokens();

    OperationSeries(Key key) {
        this.key = key;
    }

    /**
     * An attempt is over.
     *
     * @param error one of a fixed set of words, null after success
     */
    public void ended(@Nullable String error, long nanos) {
        var word = error == null ? NO_ERROR : error;
        duration.computeIfAbsent(word, w -> Histogram.ofOperations()).observe(nanos);
    }

    /** The first piece of a stream came. */
    public void firstChunk(long nanos) {
        firstChunk.observe(nanos);
    }

    public void tokens(Usage usage) {
        if (usage.input() > 0) {
            inputTokens.observe(usage.input());
        }
        if (usage.output() > 0) {
            outputTokens.observe(usage.output());
        }
    }
}
