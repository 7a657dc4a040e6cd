package dev.tollgate.dialects.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.Usage;
import dev.tollgate.dialects.codec.Json;

/** Writes usage as chat completions have it. */
final class ChatUsage {
    private ChatUsage() {}

    static ObjectNode write(Usage usage) {
        var node = Json.object();
        node.put("prompt_tokens", usage.input());
        node.put("completion_tokens", usage.output());
        node.put("total_tokens", usage.input() + usage.output());
        var prompt = node.putObject("prompt_tokens_details");
        prompt.put("cached_tokens", usage.cacheRead());
        prompt.put("audio_tokens", usage.inputAudio());
        if (usage.cacheWrite5m() + usage.cacheWrite1h() > 0) {
            prompt.put("cache_write_tokens", usage.cacheWrite5m() + usage.cacheWrite1h());
        }
        var completion = node.putObject("completion_tokens_details");
        completion.put("reasoning_tokens", usage.reasoning());
        completion.put("audio_tokens", usage.outputAudio());
        completion.put("accepted_prediction_tokens", 0);
        completion.put("rejected_prediction_tokens", 0);
        return node;
    }
}
