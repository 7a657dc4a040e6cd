package dev.tollgate.simulator.wire;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.simulator.bill.Tokens;
import dev.tollgate.simulator.script.Behaviour;
import dev.tollgate.simulator.script.ToolCall;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What will be said to one request, before it is put into a dialect.
 *
 * @param id unique; each dialect puts its own prefix before it
 * @param createdEpochSeconds when the provider began
 * @param tokens the true count
 */
public record Answer(
        String id,
        String model,
        long createdEpochSeconds,
        Speech speech,
        List<Call> calls,
        Tokens tokens,
        ReportedUsage reported,
        Finish finish,
        boolean interleaved) {

    private static final int DEFAULT_OUTPUT_TOKENS = 24;

    /** Why the answer ends. */
    public enum Finish {
        STOP,
        LENGTH,
        TOOL_CALLS
    }

    /** A tool call with its id and its arguments cut for streaming. */
    public record Call(String id, String name, String arguments, List<String> pieces) {
        public Call {
            pieces = List.copyOf(pieces);
        }
    }

    public Answer {
        calls = List.copyOf(calls);
    }

    /**
     * Plans the answer; the caller's maximum cuts the text and drops tool calls that no longer fit.
     */
    public static Answer plan(Ask ask, Behaviour told, String id, long createdEpochSeconds) {
        var structured = told.structured();
        var forced = structured instanceof ObjectNode ? ForcedTool.of(ask.body()) : null;
        var text = forced != null ? null : structured == null ? told.text() : structured.toString();
        var made =
                structured == null || forced == null
                        ? told.calls()
                        : List.of(new ToolCall(forced, structured, null));
        var calls = calls(id, made);
        var wanted = wantedOutput(told, text, calls);
        var max = ask.maxTokens();
        var output = max == null ? wanted : Math.min(wanted, max);
        var cut = output < wanted;
        var reasoningWanted = Math.min(orZero(told.reasoningTokens()), wanted);
        var visibleWanted = wanted - reasoningWanted;
        var reasoning = Math.min(reasoningWanted, output);
        var visible = output - reasoning;
        var chunks = told.chunks() == null ? visibleWanted : told.chunks();
        var pieces =
                visibleWanted == 0
                        ? 0
                        : Math.toIntExact((chunks * visible + visibleWanted - 1) / visibleWanted);
        Speech speech;
        if (text != null) {
            speech = new Speech.Told(shortened(text, visible, visibleWanted), pieces);
        } else if (!calls.isEmpty()) {
            speech = new Speech.Told("", 0);
        } else {
            speech = new Speech.Words(Math.toIntExact(visible), pieces);
        }
        var input = told.inputTokens() == null ? PromptText.tokens(ask.text()) : told.inputTokens();
        var cached = Math.min(orZero(told.cachedTokens()), input);
        var cacheWrite = Math.min(orZero(told.cacheWriteTokens()), input - cached);
        var tokens = new Tokens(input, cached, cacheWrite, output, reasoning);
        var kept = cut ? List.<Call>of() : calls;
        var finish = cut ? Finish.LENGTH : kept.isEmpty() ? Finish.STOP : Finish.TOOL_CALLS;
        return new Answer(
                id,
                ask.model(),
                createdEpochSeconds,
                speech,
                kept,
                tokens,
                ReportedUsage.of(tokens, told.usage()),
                finish,
                told.interleaves());
    }

    private static long wantedOutput(Behaviour told, @Nullable String text, List<Call> calls) {
        if (told.outputTokens() != null) {
            return told.outputTokens();
        }
        var reasoning = orZero(told.reasoningTokens());
        if (text == null && calls.isEmpty()) {
            return reasoning + (told.chunks() == null ? DEFAULT_OUTPUT_TOKENS : told.chunks());
        }
        var bytes = text == null ? 0L : text.getBytes(StandardCharsets.UTF_8).length;
        for (var call : calls) {
            bytes +=
                    call.name().length() + call.arguments().getBytes(StandardCharsets.UTF_8).length;
        }
        return reasoning + Math.max(1, (bytes + 3) / 4);
    }

    private static List<Call> calls(String id, List<ToolCall> told) {
        var list = new ArrayList<Call>();
        for (var call : told) {
            var arguments = call.arguments().toString();
            list.add(
                    new Call(
                            id + "_" + list.size(),
                            call.name(),
                            arguments,
                            pieces(arguments, call.pieceCount())));
        }
        return list;
    }

    private static List<String> pieces(String text, int count) {
        var told = new Speech.Told(text, count);
        var list = new ArrayList<String>();
        for (var i = 0; i < told.pieces(); i++) {
            list.add(told.piece(i));
        }
        return list;
    }

    private static String shortened(String text, long visible, long wanted) {
        if (visible >= wanted) {
            return text;
        }
        var points = text.codePointCount(0, text.length());
        return text.substring(0, text.offsetByCodePoints(0, (int) (points * visible / wanted)));
    }

    private static long orZero(@Nullable Long value) {
        return value == null ? 0 : value;
    }

    /** Output that was generated when {@code done} of {@code all} chunks were out. */
    public long outputAfter(int done, int all) {
        if (all == 0 || done >= all) {
            return tokens.output();
        }
        var visible = tokens.output() - tokens.reasoning();
        return tokens.reasoning() + (visible * done + all - 1) / all;
    }
}
