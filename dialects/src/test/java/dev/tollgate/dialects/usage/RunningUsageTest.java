package dev.tollgate.dialects.usage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Corpus;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Usage;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.junit.jupiter.api.Test;

class RunningUsageTest {

    private static RunningUsage saw(Dialect dialect, String... objects) {
        var running = new RunningUsage(dialect);
        for (var object : objects) {
            try {
                var node = Corpus.JSON.readTree(object.replace('\'', '"'));
                running.saw(assertInstanceOf(ObjectNode.class, node));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return running;
    }

    private static Usage usage(long input, long cacheRead, long output, long reasoning) {
        return new Usage(input, cacheRead, 0, 0, output, reasoning, 0, 0, 0);
    }

    @Test
    void outputThatFallsShrank() {
        var running =
                saw(
                        Dialect.GEMINI,
                        "{'promptTokenCount':10,'candidatesTokenCount':900}",
                        "{'promptTokenCount':10,'candidatesTokenCount':5}");
        assertThat(running.shrank()).isTrue();
        assertThat(running.usage()).isEqualTo(usage(10, 0, 5, 0));
    }

    @Test
    void inputThatFallsShrank() {
        assertThat(
                        saw(
                                        Dialect.OPENAI_CHAT,
                                        "{'prompt_tokens':900,'completion_tokens':1}",
                                        "{'prompt_tokens':10,'completion_tokens':5}")
                                .shrank())
                .isTrue();
    }

    @Test
    void whatIsLeftOutOrZeroSaysNothing() {
        var running =
                saw(
                        Dialect.GEMINI,
                        "{'promptTokenCount':0,'candidatesTokenCount':0}",
                        "{'promptTokenCount':10,'thoughtsTokenCount':30}",
                        "{'promptTokenCount':10,'candidatesTokenCount':5}",
                        "{'promptTokenCount':0,'candidatesTokenCount':0,'totalTokenCount':45}");
        assertThat(running.usage()).isEqualTo(usage(10, 0, 35, 30));
        assertThat(running.shrank()).isFalse();
    }

    @Test
    void aZeroForTheInputLeavesWhatWasReadFromACacheToo() {
        var running =
                saw(
                        Dialect.ANTHROPIC,
                        "{'input_tokens':3,'cache_read_input_tokens':100,'output_tokens':1}",
                        "{'input_tokens':0,'output_tokens':5}");
        assertThat(running.usage()).isEqualTo(usage(103, 100, 5, 0));
        assertThat(running.shrank()).isFalse();
    }

    @Test
    void inputMayMoveIntoTheCache() {
        var running =
                saw(
                        Dialect.ANTHROPIC,
                        "{'input_tokens':103,'output_tokens':1}",
                        "{'input_tokens':3,'cache_read_input_tokens':100,'output_tokens':5}");
        assertThat(running.usage()).isEqualTo(usage(103, 100, 5, 0));
        assertThat(running.shrank()).isFalse();
    }

    @Test
    void theOutputThatAMessageBeginsWithIsAGuess() {
        assertThat(
                        saw(
                                        Dialect.ANTHROPIC,
                                        "{'input_tokens':10,'output_tokens':8}",
                                        "{'output_tokens':5}")
                                .shrank())
                .isFalse();
        assertThat(
                        saw(
                                        Dialect.ANTHROPIC,
                                        "{'input_tokens':10,'output_tokens':8}",
                                        "{'output_tokens':900}",
                                        "{'output_tokens':5}")
                                .shrank())
                .isTrue();
    }

    @Test
    void theInputThatAMessageBeginsWithIsAGuessToo() {
        var running =
                saw(
                        Dialect.ANTHROPIC,
                        "{'input_tokens':40,'output_tokens':0}",
                        "{'input_tokens':31,'output_tokens':5}");
        assertThat(running.shrank()).isFalse();
        assertThat(running.usage()).isEqualTo(usage(31, 0, 5, 0));
        var told =
                saw(
                        Dialect.ANTHROPIC,
                        "{'input_tokens':40,'output_tokens':0}",
                        "{'output_tokens':5}");
        assertThat(told.shrank()).isFalse();
        assertThat(told.usage()).isEqualTo(usage(40, 0, 5, 0));
        assertThat(
                        saw(
                                        Dialect.ANTHROPIC,
                                        "{'input_tokens':40,'output_tokens':0}",
                                        "{'input_tokens':31,'output_tokens':5}",
                                        "{'input_tokens':3,'output_tokens':5}")
                                .shrank())
                .isTrue();
    }

    @Test
    void aCompactionThatIsListedAtTheEndMakesTheInputNoSmaller() {
        var running =
                saw(
                        Dialect.ANTHROPIC,
                        "{'input_tokens':60385,'output_tokens':5}",
                        """
                        {'input_tokens':612,'output_tokens':2819,'iterations':[
                         {'type':'compaction','input_tokens':60385,'output_tokens':522},
                         {'type':'message','input_tokens':612,'output_tokens':2819}]}""");
        assertThat(running.usage()).isEqualTo(usage(60_997, 0, 3_341, 0));
        assertThat(running.shrank()).isFalse();
    }

    @Test
    void onlyTheEndCounts() {
        assertThat(
                        saw(
                                        Dialect.OPENAI_CHAT,
                                        "{'prompt_tokens':10,'completion_tokens':30}",
                                        "{'prompt_tokens':10,'completion_tokens':5}",
                                        "{'prompt_tokens':10,'completion_tokens':35}")
                                .shrank())
                .isFalse();
    }
}
