package dev.tollgate.dataplane.exchange;

import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.Scanned;
import dev.tollgate.dialects.scan.RequestScanner;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.route.Ask;
import dev.tollgate.policy.route.Candidate;
import dev.tollgate.policy.route.Exclusion;
import dev.tollgate.policy.route.HeaderLookup;
import dev.tollgate.policy.route.NoRoute;
import dev.tollgate.policy.route.RoutePlan;
import dev.tollgate.policy.route.Router;
import dev.tollgate.policy.route.Routing;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a request asks for and who may serve it. */
sealed interface Resolution {

    /**
     * @param model as the client spelled it
     * @param ceiling what the client lets the request cost, null: it did not say
     */
    record Resolved(
            RequestScan scan, byte[] body, String model, RoutePlan plan, @Nullable Money ceiling)
            implements Resolution {}

    /**
     * @param model as the client spelled it, empty if it did not get so far
     * @param route {@code namespace/policy/rule}, empty if none was chosen
     */
    record Impossible(Refusal refusal, String model, String route, boolean stream)
            implements Resolution {}

    Set<String> CHAT = Set.of("Chat");
    Set<String> EMBEDDINGS = Set.of("Embeddings");

    /** Roughly: four bytes of text make a token. */
    int BYTES_PER_TOKEN = 4;

    static Resolution of(Arrival.Welcome arrival, byte[] body, HeaderLookup headers) {
        var ingress = arrival.ingress();
        return switch (RequestScanner.scan(ingress, body)) {
            case Scanned.Malformed malformed ->
                    impossible(Refusal.invalid(malformed.message(), malformed.param()), "");
            case RequestScan scan -> resolve(arrival, scan, body, headers);
        };
    }

    private static Resolution resolve(
            Arrival.Welcome arrival, RequestScan scan, byte[] body, HeaderLookup headers) {
        var pathModel = arrival.ingress().pathModel();
        var model = pathModel != null ? pathModel : scan.model();
        if (model == null || model.isEmpty()) {
            return impossible(Refusal.invalid("model is missing", "model"), "");
        }
        var ask =
                new Ask(
                        arrival.caller(),
                        model,
                        headers,
                        requires(scan),
                        scan.textBytes() / BYTES_PER_TOKEN);
        return switch (Router.route(arrival.applied().index(), ask)) {
            case NoRoute none ->
                    new Impossible(
                            Refusal.of(none),
                            model,
                            none.route() == null ? "" : none.route(),
                            scan.stream());
            case RoutePlan plan -> carried(plan, scan, body, model, arrival.ceiling());
        };
    }

    /** Leaves out targets whose dialect this request cannot be carried to. */
    private static Resolution carried(
            RoutePlan plan, RequestScan scan, byte[] body, String model, @Nullable Money ceiling) {
        var kept = plan;
        for (var candidate : plan.candidates()) {
            if (bridge(scan, candidate) != null) {
                continue;
            }
            var excluded =
                    new Exclusion(
                            candidate.target().name(),
                            candidate.provider().key(),
                            candidate.model().name(),
                            Exclusion.Reason.CAPABILITY_MISSING,
                            "speaks "
                                    + candidate.provider().dialect()
                                    + ", to which "
                                    + asked(scan)
                                    + " cannot be translated");
            switch (without(kept, candidate, excluded)) {
                case RoutePlan smaller -> kept = smaller;
                case NoRoute none -> {
                    return new Impossible(Refusal.of(none), model, plan.route(), scan.stream());
                }
            }
        }
        return new Resolved(scan, body, model, kept, ceiling);
    }

    static @Nullable Bridge bridge(RequestScan scan, Candidate candidate) {
        return Bridge.between(
                scan.dialect(), Dialect.of(candidate.provider().dialect()), scan.operation());
    }

    /** The plan with one target less; no route if it was the last. */
    static Routing without(RoutePlan plan, Candidate candidate, Exclusion because) {
        var exclusions = new ArrayList<>(plan.exclusions());
        exclusions.add(because);
        var rest = plan.candidates().stream().filter(c -> !c.equals(candidate)).toList();
        if (rest.isEmpty()) {
            return Router.exhausted(plan.route(), exclusions, null);
        }
        return new RoutePlan(
                plan.policy(),
                plan.route(),
                plan.rule(),
                plan.strategy(),
                plan.answersRequestedModel(),
                rest,
                exclusions,
                plan.retry(),
                plan.firstTokenMillis(),
                plan.requestMillis(),
                plan.maxCost());
    }

    private static String asked(RequestScan scan) {
        return switch (scan.operation()) {
            case GENERATE -> "a request of " + scan.dialect().wireName();
            case EMBED -> "an embedding request of " + scan.dialect().wireName();
            case COUNT_TOKENS -> "a token count of " + scan.dialect().wireName();
            case LIST_MODELS, GET_MODEL -> "this";
        };
    }

    /** What a model must be capable of, in the words of ModelProvider. */
    private static Set<String> requires(RequestScan scan) {
        var base = scan.operation() == Operation.EMBED ? EMBEDDINGS : CHAT;
        if (scan.features().isEmpty()) {
            return base;
        }
        var all = new HashSet<>(base);
        for (var feature : scan.features()) {
            switch (feature) {
                case TOOLS -> all.add("Tools");
                case VISION -> all.add("Vision");
                case JSON_SCHEMA -> all.add("JsonSchema");
                case AUDIO -> all.add("Audio");
                case REASONING -> all.add("Reasoning");
                case LOGPROBS -> {
                    // a provider that has none says so itself
                }
            }
        }
        return all;
    }

    private static Resolution impossible(Refusal refusal, String model) {
        return new Impossible(refusal, model, "", false);
    }
}
