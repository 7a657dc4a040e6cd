package dev.tollgate.dialects.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.conversation.Conversation;
import dev.tollgate.dialects.conversation.Sampling;

/** Writes how tokens are drawn, and where the answer stops. */
final class ChatSampling {
    private ChatSampling() {}

    /** What every model takes. */
    static void write(Conversation conversation, ObjectNode body) {
        if (conversation.sampling().seed() != null) {
            body.put("seed", conversation.sampling().seed());
        }
        if (conversation.choices() > 1) {
            body.put("n", conversation.choices());
        }
        if (!conversation.stop().isEmpty()) {
            var stop = body.putArray("stop");
            conversation.stop().forEach(stop::add);
        }
    }

    /** What models do not take while they reason. */
    static void free(Sampling sampling, ObjectNode body) {
        if (sampling.temperature() != null) {
            body.put("temperature", sampling.temperature());
        }
        if (sampling.topP() != null) {
            body.put("top_p", sampling.topP());
        }
        if (sampling.frequencyPenalty() != null) {
            body.put("frequency_penalty", sampling.frequencyPenalty());
        }
        if (sampling.presencePenalty() != null) {
            body.put("presence_penalty", sampling.presencePenalty());
        }
        var topLogprobs = sampling.topLogprobs();
        if (topLogprobs != null) {
            body.put("logprobs", true);
            if (topLogprobs > 0) {
                body.put("top_logprobs", topLogprobs);
            }
        }
    }
}
