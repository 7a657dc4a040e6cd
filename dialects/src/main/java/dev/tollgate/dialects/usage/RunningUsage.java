package dev.tollgate.dialects.usage;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Usage;
import org.jspecify.annotations.Nullable;

/**
 * The usage of one stream, which may come in several objects. They are cumulative: each field's
 * last value counts, and a later object may leave out what an earlier one said. Servers that have
 * told the input at the start write a zero for it at the end (SGLang, gateways before Anthropic),
 * so an object without any input, or without any output, says nothing of it.
 *
 * <p>What was told once cannot become less, so figures that end below earlier ones are no figures.
 * Only the end counts: vLLM tells the tokens of one choice in each chunk, and of all in the last.
 */
public final class RunningUsage {
    private final Dialect dialect;
    private @Nullable ObjectNode merged;
    private @Nullable Usage usage;
    private long mostInput;
    private long mostOutput;

    public RunningUsage(Dialect dialect) {
        this.dialect = dialect;
    }

    /** Takes an object that it may keep and change. */
    public void saw(ObjectNode object) {
        var alone = UsageReader.read(dialect, object);
        if (merged == null) {
            merged = object;
        } else {
            for (var member : object.properties()) {
                var value = member.getValue();
                if (!value.isNull()) {
                    merged.set(member.getKey(), value);
                }
            }
        }
        var read = UsageReader.read(dialect, merged);
        if (read == null) {
            return;
        }
        var before = usage;
        var now = before == null || alone == null ? read : told(before, alone, read);
        usage = now;
        // a Messages stream begins with a guess: the output is yet to come, and some servers, such
        // as Dynamo, only estimate the input
        boolean guess = before == null && dialect == Dialect.ANTHROPIC;
        if (!guess) {
            mostInput = Math.max(mostInput, now.input());
            mostOutput = Math.max(mostOutput, now.output());
        }
    }

    /** The last figures but for what the last object does not tell. */
    private static Usage told(Usage before, Usage alone, Usage now) {
        var in = alone.input() == 0 ? before : now;
        var out = alone.output() == 0 ? before : now;
        return new Usage(
                in.input(),
                in.cacheRead(),
                in.cacheWrite5m(),
                in.cacheWrite1h(),
                out.output(),
                out.reasoning(),
                in.inputAudio(),
                out.outputAudio(),
                now.serverToolCalls());
    }

    /** The figures so far; null before the first. */
    public @Nullable Usage usage() {
        return usage;
    }

    /** Whether they are less than what was told before. */
    public boolean shrank() {
        var last = usage;
        return last != null && (last.input() < mostInput || last.output() < mostOutput);
    }
}
