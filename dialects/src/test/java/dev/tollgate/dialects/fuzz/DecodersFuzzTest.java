package dev.tollgate.dialects.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Operation;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A fuzz target for every decoder. An ordinary build runs each on its seeds alone: the samples
 * written by hand, and in {@code DecodersFuzzTestInputs} whatever a fuzzer has found. How to fuzz
 * for real says CONTRIBUTING.md.
 */
class DecodersFuzzTest {

    @MethodSource("chatRequests")
    @FuzzTest(maxDuration = "2m")
    void chatRequest(byte[] bytes) {
        Promises.request(Dialect.OPENAI_CHAT, bytes);
    }

    @MethodSource("responsesRequests")
    @FuzzTest(maxDuration = "2m")
    void responsesRequest(byte[] bytes) {
        Promises.request(Dialect.OPENAI_RESPONSES, bytes);
    }

    @MethodSource("messagesRequests")
    @FuzzTest(maxDuration = "2m")
    void messagesRequest(byte[] bytes) {
        Promises.request(Dialect.ANTHROPIC, bytes);
    }

    @MethodSource("geminiRequests")
    @FuzzTest(maxDuration = "2m")
    void geminiRequest(byte[] bytes) {
        Promises.request(Dialect.GEMINI, bytes);
    }

    @MethodSource("embeddingRequests")
    @FuzzTest(maxDuration = "2m")
    void embeddingRequest(byte[] bytes) {
        Promises.otherRequest(Dialect.OPENAI_CHAT, Operation.EMBED, bytes);
    }

    @MethodSource("geminiEmbeddingRequests")
    @FuzzTest(maxDuration = "2m")
    void geminiEmbeddingRequest(byte[] bytes) {
        Promises.otherRequest(Dialect.GEMINI, Operation.EMBED, bytes);
    }

    @MethodSource("messagesRequests")
    @FuzzTest(maxDuration = "2m")
    void messagesCount(byte[] bytes) {
        Promises.otherRequest(Dialect.ANTHROPIC, Operation.COUNT_TOKENS, bytes);
    }

    @MethodSource("geminiCounts")
    @FuzzTest(maxDuration = "2m")
    void geminiCount(byte[] bytes) {
        Promises.otherRequest(Dialect.GEMINI, Operation.COUNT_TOKENS, bytes);
    }

    @MethodSource("chatAnswers")
    @FuzzTest(maxDuration = "2m")
    void chatAnswer(byte[] bytes) {
        Promises.answer(Dialect.OPENAI_CHAT, bytes);
    }

    @MethodSource("responsesAnswers")
    @FuzzTest(maxDuration = "2m")
    void responsesAnswer(byte[] bytes) {
        Promises.answer(Dialect.OPENAI_RESPONSES, bytes);
    }

    @MethodSource("messagesAnswers")
    @FuzzTest(maxDuration = "2m")
    void messagesAnswer(byte[] bytes) {
        Promises.answer(Dialect.ANTHROPIC, bytes);
    }

    @MethodSource("geminiAnswers")
    @FuzzTest(maxDuration = "2m")
    void geminiAnswer(byte[] bytes) {
        Promises.answer(Dialect.GEMINI, bytes);
    }

    @MethodSource("chatStreams")
    @FuzzTest(maxDuration = "2m")
    void chatStream(byte[] bytes) {
        Promises.stream(Dialect.OPENAI_CHAT, bytes);
    }

    @MethodSource("responsesStreams")
    @FuzzTest(maxDuration = "2m")
    void responsesStream(byte[] bytes) {
        Promises.stream(Dialect.OPENAI_RESPONSES, bytes);
    }

    @MethodSource("messagesStreams")
    @FuzzTest(maxDuration = "2m")
    void messagesStream(byte[] bytes) {
        Promises.stream(Dialect.ANTHROPIC, bytes);
    }

    @MethodSource("geminiStreams")
    @FuzzTest(maxDuration = "2m")
    void geminiStream(byte[] bytes) {
        Promises.stream(Dialect.GEMINI, bytes);
    }

    @MethodSource("events")
    @FuzzTest(maxDuration = "2m")
    void serverSentEvents(byte[] bytes) {
        Promises.events(bytes);
    }

    @MethodSource("arrays")
    @FuzzTest(maxDuration = "2m")
    void jsonArray(byte[] bytes) {
        Promises.arrayElements(bytes);
    }

    @MethodSource("errors")
    @FuzzTest(maxDuration = "2m")
    void errorBody(byte[] bytes) {
        Promises.error(bytes);
    }

    @MethodSource("usages")
    @FuzzTest(maxDuration = "2m")
    void usage(byte[] bytes) {
        Promises.usage(bytes);
    }

    @MethodSource("paths")
    @FuzzTest(maxDuration = "2m")
    void requestLine(byte[] bytes) {
        Promises.path(bytes);
    }

    static Stream<byte[]> chatRequests() {
        return Seeds.requests(Dialect.OPENAI_CHAT).stream();
    }

    static Stream<byte[]> chatAnswers() {
        return Seeds.answers(Dialect.OPENAI_CHAT).stream();
    }

    static Stream<byte[]> chatStreams() {
        return Seeds.streams(Dialect.OPENAI_CHAT).stream();
    }

    static Stream<byte[]> responsesRequests() {
        return Seeds.requests(Dialect.OPENAI_RESPONSES).stream();
    }

    static Stream<byte[]> responsesAnswers() {
        return Seeds.answers(Dialect.OPENAI_RESPONSES).stream();
    }

    static Stream<byte[]> responsesStreams() {
        return Seeds.streams(Dialect.OPENAI_RESPONSES).stream();
    }

    static Stream<byte[]> messagesRequests() {
        return Seeds.requests(Dialect.ANTHROPIC).stream();
    }

    static Stream<byte[]> messagesAnswers() {
        return Seeds.answers(Dialect.ANTHROPIC).stream();
    }

    static Stream<byte[]> messagesStreams() {
        return Seeds.streams(Dialect.ANTHROPIC).stream();
    }

    static Stream<byte[]> geminiRequests() {
        return Seeds.requests(Dialect.GEMINI).stream();
    }

    static Stream<byte[]> geminiAnswers() {
        return Seeds.answers(Dialect.GEMINI).stream();
    }

    static Stream<byte[]> geminiStreams() {
        return Seeds.streams(Dialect.GEMINI).stream();
    }

    static Stream<byte[]> embeddingRequests() {
        return Seeds.embeddingRequests().stream();
    }

    static Stream<byte[]> geminiEmbeddingRequests() {
        return Seeds.geminiEmbeddingRequests().stream();
    }

    static Stream<byte[]> geminiCounts() {
        return Seeds.geminiCounts().stream();
    }

    static Stream<byte[]> events() {
        return Seeds.events().stream();
    }

    static Stream<byte[]> arrays() {
        return Seeds.arrays().stream();
    }

    static Stream<byte[]> errors() {
        return Seeds.errors().stream();
    }

    static Stream<byte[]> usages() {
        return Seeds.usages().stream();
    }

    static Stream<byte[]> paths() {
        return Seeds.paths().stream();
    }
}
