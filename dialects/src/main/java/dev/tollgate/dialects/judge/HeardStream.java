package dev.tollgate.dialects.judge;

import dev.tollgate.dialects.conversation.Answer;
import dev.tollgate.dialects.conversation.AnswerEvent;
import dev.tollgate.dialects.conversation.FinishReason;
import dev.tollgate.dialects.conversation.Part;
import dev.tollgate.dialects.conversation.TokenLogprob;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Puts the events of a stream together again, as far as a judgement asks for them. */
final class HeardStream implements Consumer<AnswerEvent> {

    private static final class Call {
        final String id;
        final String name;
        final boolean custom;
        final StringBuilder arguments = new StringBuilder();

        Call(AnswerEvent.ToolCallStart start) {
            this.id = start.id();
            this.name = start.name();
            this.custom = start.custom();
        }
    }

    private static final class Choice {
        final StringBuilder text = new StringBuilder();
        final StringBuilder refusal = new StringBuilder();
        final Map<Integer, Call> calls = new TreeMap<>();
        final List<Part> files = new ArrayList<>();
        final List<TokenLogprob> logprobs = new ArrayList<>();
        FinishReason finish = FinishReason.STOP;

        Answer.Choice whole() {
            var parts = new ArrayList<Part>();
            if (!text.isEmpty()) {
                parts.add(new Part.Text(text.toString()));
            }
            if (!refusal.isEmpty()) {
                parts.add(new Part.Refusal(refusal.toString()));
            }
            for (var call : calls.values()) {
                var arguments = call.arguments.isEmpty() ? "{}" : call.arguments.toString();
                parts.add(new Part.ToolCall(call.id, call.name, arguments, call.custom, null));
            }
            parts.addAll(files);
            return new Answer.Choice(parts, finish, null, logprobs);
        }
    }

    private final Map<Integer, Choice> choices = new TreeMap<>();
    private boolean failed;

    HeardStream() {
        choices.put(0, new Choice());
    }

    /** The provider told of an error. */
    boolean failed() {
        return failed;
    }

    List<Answer.Choice> choices() {
        return choices.values().stream().map(Choice::whole).toList();
    }

    @Override
    public void accept(AnswerEvent event) {
        switch (event) {
            case AnswerEvent.Of(int choice, var step) ->
                    said(choices.computeIfAbsent(choice, c -> new Choice()), step);
            case AnswerEvent.Said step -> said(choices.computeIfAbsent(0, c -> new Choice()), step);
            case AnswerEvent.Failed f -> failed = true;
            case AnswerEvent.Start s -> {}
            case AnswerEvent.UsageSeen u -> {}
            case AnswerEvent.Done d -> {}
        }
    }

    private static void said(Choice choice, AnswerEvent.Said step) {
        switch (step) {
            case AnswerEvent.TextDelta(var text) -> choice.text.append(text);
            case AnswerEvent.RefusalDelta(var text) -> choice.refusal.append(text);
            case AnswerEvent.Logprobs(var tokens) -> choice.logprobs.addAll(tokens);
            case AnswerEvent.ToolCallStart start -> choice.calls.put(start.call(), new Call(start));
            case AnswerEvent.ToolCallDelta(int number, var arguments) -> {
                var call = choice.calls.get(number);
                if (call != null) {
                    call.arguments.append(arguments);
                }
            }
            case AnswerEvent.Finished(var reason, _, _) -> choice.finish = reason;
            case AnswerEvent.ReasoningDelta r -> {}
            case AnswerEvent.ReasoningSigned r -> {}
            case AnswerEvent.ReasoningRedacted r -> {}
            case AnswerEvent.ToolCallEnd e -> {}
            case AnswerEvent.Cited c -> {}
            case AnswerEvent.MediaMade(var file) -> choice.files.add(file);
        }
    }
}
