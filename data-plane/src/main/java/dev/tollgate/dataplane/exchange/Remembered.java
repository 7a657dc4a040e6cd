package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.cache.Answer;
import dev.tollgate.dataplane.cache.RequestKey;
import dev.tollgate.policy.route.Candidate;
import dev.tollgate.policy.route.RoutePlan;
import io.vertx.core.http.HttpServerRequest;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What of the answer cache is decided from a request and its plan alone. */
final class Remembered {

    private Remembered() {}

    static RequestKey key(
            Arrival.Welcome welcome, Resolution.Resolved found, HttpServerRequest request) {
        var plan = found.plan();
        if (plan.cache() == null) {
            return RequestKey.OFF;
        }
        var path = request.path();
        return RequestKey.of(
                plan.cache(),
                new RequestKey.Asked(
                        welcome.caller().namespace(),
                        plan.route(),
                        plan.answersRequestedModel(),
                        found.scan(),
                        welcome.ingress().sse(),
                        path == null ? "" : path,
                        found.body(),
                        request.headers()));
    }

    /**
     * Whether one of the plan's targets gave the answer. What has been left out since, for its
     * region or because the policy has changed, answers no more, from memory neither.
     */
    static boolean serves(RoutePlan plan, Answer answer) {
        for (var candidate : plan.candidates()) {
            if (candidate.provider().key().equals(answer.provider())
                    && candidate.model().name().equals(answer.model())) {
                return true;
            }
        }
        return false;
    }

    /**
     * What an attempt's answer is written down in; null: it is not to be kept. An answer that a
     * budget or a ceiling has made shorter is whole only for the one who could not pay more.
     */
    static @Nullable Capture capture(
            @Nullable Recall recall,
            Resolution.Resolved found,
            Candidate candidate,
            Quote.Held held,
            List<String> dropped) {
        if (recall == null) {
            return null;
        }
        if (held.lowered(found.scan(), candidate).isPresent()) {
            recall.keepsNothing();
            return null;
        }
        return new Capture(recall, candidate, dropped);
    }
}
