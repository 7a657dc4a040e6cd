package dev.tollgate.dialects.translate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.dialects.AnswerStream.End;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Bridge.AnswerRead;
import dev.tollgate.dialects.Bridge.Outbound;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.codec.MadeMedia;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * Every recorded exchange, translated into every other dialect and read with that dialect's
 * official SDK: all of them, but for those that {@link CorpusExceptions} names, each with its
 * reason.
 */
final class CorpusTranslationTest {
    /** Fewer of a pair than this, and something was not read at all. */
    private static final int FEWEST_OF_A_PAIR = 10;

    /** Counts of one pair. */
    private static final class Tally {
        int passed;
        int refused;
        final List<String> failed = new ArrayList<>();
    }

    private final Map<String, Tally> tallies = new TreeMap<>();

    @Test
    void everyRecordedAnswerIsAnAnswerOfEveryOtherDialect() {
        var exchanges = new ArrayList<>(Corpus.recorded());
        exchanges.addAll(Corpus.fixtures());
        for (var exchange : exchanges) {
            if (exchange.answer() != null) {
                forEachOther(
                        exchange,
                        (client, bridge, tally) -> {
                            var read =
                                    bridge.answer(
                                            Exchanges.bytes(exchange.answer()),
                                            Exchanges.answerTerms(client, Exchanges.hello(client)));
                            switch (read) {
                                case AnswerRead.Unreadable(var message) -> {
                                    assertThat(CorpusExceptions.MEDIA_ALONE)
                                            .as(message)
                                            .contains(exchange.name());
                                    assertThat(message).isEqualTo(MadeMedia.ALONE);
                                    assertThat(client).isIn(Dialect.ANTHROPIC, Dialect.GEMINI);
                                    tally.refused++;
                                }
                                case AnswerRead.Read answer -> {
                                    var seen = SdkReader.answer(client, answer.body());
                                    assertThat(seen.withoutNote().text() + seen.calls())
                                            .isEqualTo(CorpusTruth.said(exchange));
                                    tally.passed++;
                                }
                            }
                        });
            }
        }
        report("answers");
    }

    @Test
    void everyRecordedStreamIsAStreamOfEveryOtherDialect() {
        var exchanges = new ArrayList<>(Corpus.recorded());
        exchanges.addAll(Corpus.fixtures());
        for (var exchange : exchanges) {
            if (exchange.stream() != null) {
                forEachOther(
                        exchange,
                        (client, bridge, tally) -> {
                            var terms = Exchanges.answerTerms(client, Exchanges.hello(client));
                            var streamed = Exchanges.stream(bridge, terms, exchange.stream(), 1009);
                            if (streamed.end() instanceof End.Broken(_, var message)) {
                                assertThat(CorpusExceptions.BROKEN)
                                        .as(exchange.name() + ": " + message)
                                        .contains(exchange.name());
                                tally.refused++;
                                return;
                            }
                            assertThat(streamed.stream().usageShrank())
                                    .as(exchange.name())
                                    .isFalse();
                            var seen = SdkReader.stream(client, streamed.bytes());
                            var said = CorpusTruth.saidByStream(exchange);
                            if (said != null) {
                                assertThat(seen.withoutNote().text() + seen.calls())
                                        .isEqualTo(said);
                            }
                            tally.passed++;
                        });
            }
        }
        report("streams");
    }

    @Test
    void everyRecordedRequestIsARequestOfEveryOtherDialectOrIsRefusedByName() {
        var refusals = new TreeSet<String>();
        for (var exchange : Corpus.recorded()) {
            if (exchange.request() != null) {
                for (var provider : Dialect.values()) {
                    var bridge = Translations.between(exchange.dialect(), provider);
                    if (bridge != null) {
                        request(exchange, provider, bridge, refusals);
                    }
                }
            }
        }
        report("requests");
        CorpusExceptions.checkRefused(refusals, Corpus.recorded());
    }

    private void request(
            Corpus.Exchange exchange, Dialect provider, Bridge bridge, Set<String> refusals) {
        var tally = tally(exchange.dialect(), provider);
        var body = Exchanges.bytes(exchange.request());
        try {
            var out =
                    bridge.request(
                            Exchanges.scan(exchange.dialect(), body, exchange.stream() != null),
                            body,
                            Exchanges.requestTerms(provider));
            switch (out) {
                case Outbound.Refused(var message, _) -> {
                    tally.refused++;
                    refusals.add(CorpusExceptions.line(exchange, provider, message));
                }
                case Outbound.Answered answered ->
                        throw new AssertionError("answered without a provider: " + answered);
                case Outbound.Ready(var sent, _) -> {
                    SdkReader.request(provider, sent);
                    tally.passed++;
                }
            }
        } catch (AssertionError | RuntimeException e) {
            tally.failed.add(exchange.name() + ": " + e);
        }
    }

    private interface Check {
        void check(Dialect client, Bridge bridge, Tally tally) throws IOException;
    }

    private void forEachOther(Corpus.Exchange exchange, Check check) {
        for (var client : Dialect.values()) {
            var bridge = Translations.between(client, exchange.dialect());
            if (bridge == null) {
                continue;
            }
            var tally = tally(exchange.dialect(), client);
            try {
                check.check(client, bridge, tally);
            } catch (AssertionError | RuntimeException | IOException e) {
                tally.failed.add(exchange.name() + ": " + e);
            }
        }
    }

    private Tally tally(Dialect from, Dialect to) {
        return tallies.computeIfAbsent(from + " -> " + to, pair -> new Tally());
    }

    private void report(String what) {
        System.out.println(what + ": pair, passed, refused or broken, failed");
        tallies.forEach(
                (pair, tally) -> {
                    System.out.printf(
                            "  %-40s %4d %4d %4d%n",
                            pair, tally.passed, tally.refused, tally.failed.size());
                    tally.failed.stream()
                            .sorted(Comparator.naturalOrder())
                            .limit(5)
                            .forEach(
                                    each ->
                                            System.out.println(
                                                    "    "
                                                            + each.substring(
                                                                    0,
                                                                    Math.min(400, each.length()))));
                });
        assertThat(tallies).hasSize(Dialect.values().length * (Dialect.values().length - 1));
        tallies.forEach(
                (pair, tally) -> {
                    assertThat(tally.failed).as(what + " " + pair).isEmpty();
                    assertThat(tally.passed)
                            .as(what + " " + pair)
                            .isGreaterThanOrEqualTo(FEWEST_OF_A_PAIR);
                });
    }
}
