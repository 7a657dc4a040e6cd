package dev.tollgate.dialects.translate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.conversation.Trait;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Recorded exchanges that another dialect cannot express, and why. */
final class CorpusExceptions {
    /**
     * Answers of an image alone, towards Anthropic; its bytes were shortened when it was recorded,
     * so towards Gemini too, whose clients decode them.
     */
    static final Set<String> MEDIA_ALONE = Set.of("openai/openai-image-generation-tool.1.json");

    /** Streams that do not end well. */
    static final Set<String> BROKEN =
            Set.of(
                    // an image alone
                    "openai/openai-image-generation-tool.1.chunks.txt",
                    // the provider reports an error within the stream
                    "groq/test_tool_use_failed_error_streaming_with_text-e3cdd8-0.json");

    private static final String REFUSED = "/corpus-refused.txt";

    private CorpusExceptions() {}

    /** A refused request: which, towards whom, and the reason but for what the reader knows. */
    static String line(Corpus.Exchange exchange, Dialect provider, String message) {
        var end = " cannot be carried to a provider of dialect " + provider.wireName();
        int at = message.indexOf(end);
        return exchange.name()
                + " | "
                + provider.wireName()
                + " | "
                + (at < 0 ? message : message.substring(0, at));
    }

    /**
     * Each refusal has a reason of the table; and where the traffic is the one that the list was
     * made of, the refusals are those of the list. On a difference the actual list is left in
     * {@code target/corpus-refused.txt}.
     */
    static void checkRefused(Set<String> refused, List<Corpus.Exchange> corpus) {
        assertThat(refused).allMatch(CorpusExceptions::hasReasonOfTheTable);
        var listed = new TreeSet<>(listed());
        var names = new TreeSet<String>();
        corpus.forEach(exchange -> names.add(exchange.name()));
        boolean sameTraffic =
                listed.stream().allMatch(line -> names.contains(line.split(" \\| ")[0]));
        if (!refused.equals(listed)) {
            write(refused);
        }
        if (sameTraffic) {
            assertThat(refused).isEqualTo(listed);
        }
    }

    private static boolean hasReasonOfTheTable(String line) {
        var fields = line.split(" \\| ");
        var provider = Dialect.of(fields[1]);
        for (var trait : Trait.values()) {
            if (fields[2].endsWith(": " + trait.title())) {
                return Carriage.of(trait, provider).fate() == Carriage.Fate.REFUSED;
            }
        }
        return false;
    }

    private static List<String> listed() {
        try (var in = CorpusExceptions.class.getResourceAsStream(REFUSED)) {
            return in == null
                    ? List.of()
                    : new String(in.readAllBytes(), StandardCharsets.UTF_8)
                            .lines()
                            .filter(line -> !line.startsWith("#"))
                            .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void write(Set<String> refused) {
        try {
            Files.createDirectories(Path.of("target"));
            Files.write(Path.of("target/corpus-refused.txt"), refused);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
