package dev.tollgate.dialects.responses;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Usage;
import dev.tollgate.dialects.codec.ClientTerms;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.codec.Logprobs;
import dev.tollgate.dialects.codec.Thoughts;
import dev.tollgate.dialects.conversation.Answer;
import dev.tollgate.dialects.conversation.FinishReason;
import dev.tollgate.dialects.conversation.Part;
import dev.tollgate.dialects.conversation.Signature;
import dev.tollgate.dialects.conversation.Signature.Issuer;
import org.jspecify.annotations.Nullable;

/** Writes a complete Responses answer. */
final class ResponsesAnswerWriter {
    private static final String COMPLETED = "completed";

    private final ResponsesItems items;
    private final ArrayNode output;
    private final StringBuilder text = new StringBuilder();
    private ArrayNode annotations = Json.array();

    /** Of all the text: they stand in the first item that has any. */
    private ArrayNode logprobs;

    private ResponsesAnswerWriter(ClientTerms terms, ArrayNode output, ArrayNode logprobs) {
        this.items = new ResponsesItems(terms);
        this.output = output;
        this.logprobs = logprobs;
    }

    static ObjectNode write(Answer answer, ClientTerms terms) {
        var body = ResponsesEnvelope.write(answer.id(), answer.model(), COMPLETED, terms);
        var writer =
                new ResponsesAnswerWriter(
                        terms, Json.arrayIn(body, "output"), Logprobs.write(answer.logprobs()));
        answer.parts().forEach(writer::part);
        writer.endText();
        end(answer.finish(), body);
        var usage = answer.usage();
        body.set("usage", ResponsesEnvelope.usage(usage == null ? Usage.NONE : usage));
        return body;
    }

    /** Says how the answer ended. */
    static void end(FinishReason finish, ObjectNode body) {
        var reason =
                switch (finish) {
                    case LENGTH -> "max_output_tokens";
                    case CONTENT_FILTER -> "content_filter";
                    case STOP, STOP_SEQUENCE, TOOL_CALLS, PAUSE -> null;
                };
        if (reason != null) {
            body.put("status", "incomplete");
            body.putObject("incomplete_details").put("reason", reason);
        }
    }

    private void part(Part part) {
        if (part instanceof Part.Text(var words, _, var citations, _)) {
            for (var citation : citations) {
                annotations.add(ResponsesItems.annotation(citation, text.length()));
            }
            text.append(words);
            return;
        }
        endText();
        switch (part) {
            case Part.Refusal(var words) ->
                    output.add(
                            items.message(output.size(), COMPLETED, ResponsesItems.refusal(words)));
            case Part.Reasoning thought ->
                    reasoning(thought.text(), Thoughts.written(thought, Issuer.OPENAI));
            case Part.ToolCall call -> {
                reasoning("", signature(call.signature()));
                output.add(
                        items.call(
                                output.size(),
                                COMPLETED,
                                call.id(),
                                call.name(),
                                call.arguments(),
                                call.custom()));
            }
            case Part.Image _ -> output.add(items.image(output.size(), part));
            case Part.Text _, Part.Document _, Part.Audio _, Part.Video _, Part.ToolResult _ -> {}
        }
    }

    static @Nullable String signature(@Nullable Signature signature) {
        return signature == null ? null : signature.written(Issuer.OPENAI);
    }

    private void reasoning(String words, @Nullable String signature) {
        if (!words.isEmpty() || (signature != null && items.encrypted())) {
            output.add(items.reasoning(output.size(), words, signature));
        }
    }

    private void endText() {
        if (!text.isEmpty()) {
            var part = ResponsesItems.text(text.toString(), annotations, logprobs);
            logprobs = Json.array();
            output.add(items.message(output.size(), COMPLETED, part));
            text.setLength(0);
            annotations = Json.array();
        }
    }
}
