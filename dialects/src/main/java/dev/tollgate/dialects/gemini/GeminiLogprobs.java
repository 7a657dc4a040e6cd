package dev.tollgate.dialects.gemini;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.dialects.codec.Json;
import dev.tollgate.dialects.conversation.TokenLogprob;
import java.util.ArrayList;
import java.util.List;

/** Log probabilities as Gemini writes them: chosen tokens, and beside each its likeliest rivals. */
final class GeminiLogprobs {
    private GeminiLogprobs() {}

    /** Empty if the candidate has none. */
    static List<TokenLogprob> read(JsonNode candidate) {
        var result = candidate.path("logprobsResult");
        var rivals = result.path("topCandidates");
        var tokens = new ArrayList<TokenLogprob>();
        for (var chosen : result.path("chosenCandidates")) {
            var top = new ArrayList<TokenLogprob>();
            for (var rival : rivals.path(tokens.size()).path("candidates")) {
                top.add(token(rival, List.of()));
            }
            tokens.add(token(chosen, top));
        }
        return tokens;
    }

    private static TokenLogprob token(JsonNode node, List<TokenLogprob> top) {
        return new TokenLogprob(
                Json.textOr(node, "token", ""), node.path("logProbability").asDouble(), null, top);
    }

    static void write(List<TokenLogprob> tokens, ObjectNode candidate) {
        if (tokens.isEmpty()) {
            return;
        }
        var result = candidate.putObject("logprobsResult");
        var rivals = result.putArray("topCandidates");
        var chosen = result.putArray("chosenCandidates");
        double sum = 0;
        for (var token : tokens) {
            sum += token.logprob();
            write(token, chosen);
            var top = rivals.addObject().putArray("candidates");
            token.top().forEach(each -> write(each, top));
        }
        candidate.put("avgLogprobs", sum / tokens.size());
    }

    private static void write(TokenLogprob token, ArrayNode array) {
        array.addObject().put("token", token.token()).put("logProbability", token.logprob());
    }
}
