package dev.tollgate.dialects.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.conversation.Conversation;

/** Writes how tokens are drawn, and where the answer stops. */
final class ChatSampling {
    private ChatSampling() {}

    static void write(Conversation conversation, ObjectNode body) {
        var sampling = conversation.sampling();
        if (sampling.temperature() != null) {
            body.put("temperature", sampling.temperature());
        }
        if (sampling.topP() != null) {
            body.put("top_p", sampling.topP());
        }
        if (sampling.seed() != null) {
            body.put("seed", sampling.seed());
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
        if (conversation.choices() > 1) {
            body.put("n", conversation.choices());
        }
        if (!conversation.stop().isEmpty()) {
            var stop = body.putArray("stop");
            conversation.stop().forEach(stop::add);
        }
    }
}
