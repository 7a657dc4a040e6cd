package dev.tollgate.dataplane.exchange;

import dev.tollgate.dialects.Ingress;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.Scanned;
import dev.tollgate.dialects.scan.IngressPath;
import dev.tollgate.policy.route.Caller;
import dev.tollgate.policy.route.SnapshotIndex;
import io.vertx.core.MultiMap;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Decides about one request as a proxy does that has measured nothing yet, and says why; nothing is
 * sent, and no budget is asked. What it uses is what {@link Exchange} uses: {@link Resolution},
 * {@link Quote}, the bridges and the planner.
 */
public final class Explainer {

    private Explainer() {}

    /**
     * @param path of the data port, with a query if there is one
     * @param at the time at which the request comes
     */
    public record Question(
            SnapshotIndex index,
            Caller caller,
            String path,
            MultiMap headers,
            byte[] body,
            Instant at) {}

    public static Explanation.Answer explain(Question question) {
        var ingress = ingress(question);
        if (ingress == null) {
            return new Explanation.Unusable(
                    question.path() + ": the gateway has no such endpoint to post to");
        }
        return switch (Wishes.of(question.headers())) {
            case Wishes.Wrong wrong -> new Explanation.Unusable(wrong.refusal().message());
            case Wishes.Told told -> {
                var asked =
                        new Resolution.Asked(
                                ingress,
                                question.index(),
                                question.caller(),
                                told.ceiling(),
                                question.at());
                yield scanned(question, asked);
            }
        };
    }

    private static @Nullable Ingress ingress(Question question) {
        int mark = question.path().indexOf('?');
        var path = mark < 0 ? question.path() : question.path().substring(0, mark);
        var query = mark < 0 ? null : question.path().substring(mark + 1);
        var anthropic = question.headers().contains(Names.ANTHROPIC_VERSION);
        var served = IngressPath.parse("POST", path, query, anthropic);
        if (served != null) {
            return served;
        }
        var passed = IngressPath.passThrough("POST", path);
        var endpoint = passed == null ? null : passed.endpoint();
        return endpoint != null && question.index().declares(endpoint) ? passed : null;
    }

    private static Explanation.Answer scanned(Question question, Resolution.Asked asked) {
        return switch (Resolution.scan(asked.ingress(), question.body(), question.headers()::get)) {
            case Scanned.Malformed malformed -> new Explanation.Unusable(malformed.message());
            case RequestScan scan -> {
                if (Resolution.model(asked.ingress(), scan).isEmpty()) {
                    yield new Explanation.Unusable("the request names no model");
                }
                yield new Explanation.Explained(decided(question, asked, scan));
            }
        };
    }

    private static Explanation decided(
            Question question, Resolution.Asked asked, RequestScan scan) {
        var body = question.body();
        var ask = Resolution.ask(asked, scan, body, question.headers()::get);
        var report = new ExplainedRequest(question, asked, scan, ask);
        return switch (Resolution.of(asked, scan, body, question.headers()::get)) {
            case Resolution.Impossible impossible -> report.refused(impossible);
            case Resolution.Resolved resolved -> report.resolved(resolved);
        };
    }
}
