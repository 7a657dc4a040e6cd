package dev.tollgate.dialects.translate;

import dev.tollgate.dialects.AnswerStream;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.codec.MadeMedia;
import dev.tollgate.dialects.conversation.AnswerEvent;
import dev.tollgate.dialects.conversation.Part;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One answer of a stream as the client knows it: its own names of tools, free text where its tool
 * takes free text, and text where a tool stood for it. The finish is kept until the stream ends.
 */
final class RestoredChoice {
    private record Held(boolean custom, StringBuilder arguments) {}

    /** Writers keep files until the end of an answer: more than these are named in the text. */
    private static final int MAX_FILE_CHARS = AnswerStream.MAX_EVENT_BYTES / 4 * 3;

    private final Dialect client;
    private final ToolNames names;
    private final boolean program;
    private final @Nullable WrappedAnswer wrapped;
    private final Set<Integer> emulated = new HashSet<>();

    /**
     * The client's number of a provider's call: calls that are emulation are none to the client.
     */
    private final Map<Integer, Integer> numbers = new HashMap<>();

    /** Calls whose arguments change their form, and so are held until they are whole. */
    private final Map<Integer, Held> held = new HashMap<>();

    private int heldChars;
    private boolean sawToken;

    /** What is said of files that the client's dialect cannot carry. */
    private final StringBuilder notes = new StringBuilder();

    private boolean answered;
    private int fileChars;
    private long visibleBytes;
    private AnswerEvent.@Nullable Finished finished;

    /**
     * @param wrapped takes the answer out of an object, null if it is in none
     * @param program whether a program reads the text, as it has a form that the client gave
     */
    RestoredChoice(
            Dialect client, ToolNames names, @Nullable WrappedAnswer wrapped, boolean program) {
        this.client = client;
        this.names = names;
        this.program = program;
        this.wrapped = wrapped;
    }

    void handle(AnswerEvent.Said event, Consumer<AnswerEvent.Said> out) {
        switch (event) {
            case AnswerEvent.TextDelta(var text) -> {
                answered = true;
                seen(text);
                text(text, out);
            }
            case AnswerEvent.RefusalDelta(var text) -> {
                answered = true;
                token(event, text, out);
            }
            case AnswerEvent.ReasoningDelta(var text) -> token(event, text, out);
            case AnswerEvent.ToolCallStart call -> callStart(call, out);
            case AnswerEvent.ToolCallDelta delta -> callDelta(delta, out);
            case AnswerEvent.ToolCallEnd end -> callEnd(end, out);
            case AnswerEvent.MediaMade(var file) -> file(file, event, out);
            case AnswerEvent.Logprobs _,
                    AnswerEvent.ReasoningSigned _,
                    AnswerEvent.ReasoningRedacted _,
                    AnswerEvent.Cited _ ->
                    out.accept(event);
            case AnswerEvent.Finished end -> finished = end;
        }
    }

    private void file(Part file, AnswerEvent.Said event, Consumer<AnswerEvent.Said> out) {
        int chars = MadeMedia.chars(file);
        visibleBytes += chars;
        if (MadeMedia.isCarried(file, client) && fileChars + chars <= MAX_FILE_CHARS) {
            fileChars += chars;
            answered = true;
            endText(out);
            token(event, "", out);
        } else {
            notes.append(MadeMedia.note(file));
        }
    }

    private void token(AnswerEvent.Said event, String text, Consumer<AnswerEvent.Said> out) {
        seen(text);
        out.accept(event);
    }

    private void seen(String text) {
        sawToken = true;
        visibleBytes += Utf8.length(text);
    }

    private void text(String piece, Consumer<AnswerEvent.Said> out) {
        var text = wrapped == null ? piece : wrapped.next(piece);
        if (!text.isEmpty()) {
            out.accept(new AnswerEvent.TextDelta(text));
        }
    }

    private void endText(Consumer<AnswerEvent.Said> out) {
        var rest = wrapped == null ? "" : wrapped.end();
        if (!rest.isEmpty()) {
            out.accept(new AnswerEvent.TextDelta(rest));
        }
    }

    private void callStart(AnswerEvent.ToolCallStart call, Consumer<AnswerEvent.Said> out) {
        sawToken = true;
        answered = true;
        endText(out);
        if (ToolNames.isEmulation(call.name())) {
            emulated.add(call.call());
            return;
        }
        int number = numbers.size();
        numbers.put(call.call(), number);
        var name = names.toClient(call.name());
        visibleBytes += Utf8.length(name);
        boolean custom = names.isCustom(name);
        if (custom != call.custom()) {
            held.put(call.call(), new Held(call.custom(), new StringBuilder()));
        }
        out.accept(
                new AnswerEvent.ToolCallStart(number, call.id(), name, custom, call.signature()));
    }

    private void callDelta(AnswerEvent.ToolCallDelta delta, Consumer<AnswerEvent.Said> out) {
        visibleBytes += Utf8.length(delta.arguments());
        var waiting = held.get(delta.call());
        if (emulated.contains(delta.call())) {
            text(delta.arguments(), out);
        } else if (waiting != null) {
            waiting.arguments.append(delta.arguments());
            heldChars += delta.arguments().length();
        } else {
            out.accept(new AnswerEvent.ToolCallDelta(number(delta.call()), delta.arguments()));
        }
    }

    private void callEnd(AnswerEvent.ToolCallEnd end, Consumer<AnswerEvent.Said> out) {
        if (emulated.contains(end.call())) {
            endText(out);
            return;
        }
        var ended = held.remove(end.call());
        if (ended != null) {
            heldChars -= ended.arguments.length();
            var text =
                    TranslatedBridge.arguments(
                            ended.arguments.toString(), ended.custom, !ended.custom);
            out.accept(new AnswerEvent.ToolCallDelta(number(end.call()), text));
        }
        out.accept(new AnswerEvent.ToolCallEnd(number(end.call())));
    }

    private int number(int call) {
        return numbers.getOrDefault(call, call);
    }

    boolean finished() {
        return finished != null;
    }

    /** Whether files are lost that no note can tell of. */
    boolean losesFiles() {
        return !notes.isEmpty() && (!answered || program);
    }

    /** The provider's word, null if it has not finished. */
    @Nullable String finishWord() {
        return finished == null ? null : finished.word();
    }

    /** Tells how it ended, if it has. */
    void finish(Consumer<AnswerEvent.Said> out) {
        if (finished != null) {
            endText(out);
            if (!notes.isEmpty()) {
                out.accept(new AnswerEvent.TextDelta(notes.toString()));
            }
            var reason = TranslatedBridge.finish(finished.reason(), !numbers.isEmpty());
            out.accept(new AnswerEvent.Finished(reason, finished.word(), finished.stopSequence()));
        }
    }

    int heldChars() {
        return heldChars + (wrapped == null ? 0 : wrapped.waitingChars());
    }

    boolean sawToken() {
        return sawToken;
    }

    long visibleBytes() {
        return visibleBytes;
    }
}
