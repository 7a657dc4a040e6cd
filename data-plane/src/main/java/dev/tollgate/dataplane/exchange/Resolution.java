package dev.tollgate.dataplane.exchange;

import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Ingress;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.Scanned;
import dev.tollgate.dialects.count.CountBridge;
import dev.tollgate.dialects.prompt.PromptSignals;
import dev.tollgate.dialects.scan.PassScan;
import dev.tollgate.dialects.scan.RequestScanner;
import dev.tollgate.policy.price.Money;
import dev.tollgate.policy.route.Ask;
import dev.tollgate.policy.route.Caller;
import dev.tollgate.policy.route.Candidate;
import dev.tollgate.policy.route.ComplexityScore;
import dev.tollgate.policy.route.Exclusion;
import dev.tollgate.policy.route.HeaderLookup;
import dev.tollgate.policy.route.NoRoute;
import dev.tollgate.policy.route.PromptFigures;
import dev.tollgate.policy.route.RoutePlan;
import dev.tollgate.policy.route.Router;
import dev.tollgate.policy.route.Routing;
import dev.tollgate.policy.route.SnapshotIndex;
import dev.tollgate.policy.snapshot.ProviderEntry;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a request asks for and who may serve it. */
sealed interface Resolution {

    /** When to ask again if a limit was reached at this moment: calls end all the time. */
    long SOON_MILLIS = 1_000;

    /**
     * @param model as the client spelled it
     * @param ceiling what the client lets the request cost, null: it did not say
     * @param endpoint the path of one that passes as it is, else null
     */
    record Resolved(
            RequestScan scan,
            byte[] body,
            String model,
            RoutePlan plan,
            @Nullable Money ceiling,
            @Nullable String endpoint)
            implements Resolution {}

    /**
     * @param model as the client spelled it, empty if it did not get so far
     * @param route {@code namespace/policy/rule}, empty if none was chosen
     * @param exclusions every target that was looked at
     */
    record Impossible(
            Refusal refusal, String model, String route, boolean stream, List<Exclusion> exclusions)
            implements Resolution {}

    /** What is known of a request before its body is looked at. */
    record Asked(
            Ingress ingress,
            SnapshotIndex index,
            Caller caller,
            @Nullable Money ceiling,
            Instant now) {}

    Set<String> CHAT = Set.of("Chat");
    Set<String> EMBEDDINGS = Set.of("Embeddings");

    /** Roughly: four bytes of text make a token. */
    int BYTES_PER_TOKEN = 4;

    static Resolution of(Arrival.Welcome arrival, byte[] body, HeaderLookup headers) {
        var asked = asked(arrival);
        return switch (scan(arrival.ingress(), body, headers)) {
            case Scanned.Malformed malformed ->
                    impossible(Refusal.invalid(malformed.message(), malformed.param()), "");
            case RequestScan scan -> of(asked, scan, body, headers);
        };
    }

    private static Asked asked(Arrival.Welcome arrival) {
        return new Asked(
                arrival.ingress(),
                arrival.applied().index(),
                arrival.caller(),
                arrival.ceiling(),
                Instant.now());
    }

    static Scanned scan(Ingress ingress, byte[] body, HeaderLookup headers) {
        return ingress.operation() == Operation.PASS
                ? PassScan.scan(ingress, body, headers.first("content-type"))
                : RequestScanner.scan(ingress, body);
    }

    /** The model as the client spelled it; empty: it named none. */
    static String model(Ingress ingress, RequestScan scan) {
        var pathModel = ingress.pathModel();
        var model = pathModel != null ? pathModel : scan.model();
        return model == null ? "" : model;
    }

    static Ask ask(Asked asked, RequestScan scan, byte[] body, HeaderLookup headers) {
        return new Ask(
                asked.caller(),
                model(asked.ingress(), scan),
                headers,
                requires(scan),
                estimatedTokens(scan),
                outputLimit(scan),
                scan.stream(),
                asked.now(),
                () -> complexity(scan, body).total());
    }

    static Resolution of(Asked asked, RequestScan scan, byte[] body, HeaderLookup headers) {
        var model = model(asked.ingress(), scan);
        if (model.isEmpty()) {
            return impossible(Refusal.invalid("model is missing", "model"), "");
        }
        return routed(asked, scan, body, model, ask(asked, scan, body, headers));
    }

    /** The same request for another name; the client is told of its own. */
    static Resolution instead(
            Arrival.Welcome arrival, Resolved found, String model, HeaderLookup headers) {
        var asked = asked(arrival);
        var ask = ask(asked, found.scan(), found.body(), headers).withModel(model);
        return routed(asked, found.scan(), found.body(), found.model(), ask);
    }

    private static Resolution routed(
            Asked asked, RequestScan scan, byte[] body, String model, Ask ask) {
        return switch (Router.route(asked.index(), ask)) {
            case NoRoute none ->
                    new Impossible(
                            Refusal.of(none),
                            model,
                            none.route() == null ? "" : none.route(),
                            scan.stream(),
                            none.exclusions());
            case RoutePlan plan ->
                    carried(
                            new Resolved(
                                    scan,
                                    body,
                                    model,
                                    plan,
                                    asked.ceiling(),
                                    asked.ingress().endpoint()));
        };
    }

    /** How hard the prompt looks; an endpoint that passes as it is has none. */
    static ComplexityScore complexity(RequestScan scan, byte[] body) {
        var signals =
                scan.operation() == Operation.PASS ? PromptSignals.NONE : PromptSignals.of(body);
        return ComplexityScore.of(
                new PromptFigures(
                        signals.askBytes(),
                        Math.max(0, scan.textBytes() - signals.askBytes()),
                        signals.turns(),
                        signals.tools(),
                        signals.codeBlocks(),
                        signals.codeLines(),
                        signals.constraints(),
                        scan.features().contains(RequestScan.Feature.JSON_SCHEMA),
                        signals.reasoning(),
                        scan.features().contains(RequestScan.Feature.REASONING)));
    }

    /** Of inputs that stand for themselves each must fit, not their sum. */
    private static long estimatedTokens(RequestScan scan) {
        int inputs = scan.operation().embeds() ? scan.choices() : 1;
        return scan.textBytes() / BYTES_PER_TOKEN / inputs;
    }

    /** Over all choices; -1: the client set none. */
    private static long outputLimit(RequestScan scan) {
        var limit = scan.maxOutputTokens();
        return limit.isPresent() ? limit.getAsLong() * Math.max(1, scan.choices()) : -1;
    }

    /** Leaves out targets that this request cannot be carried to. */
    private static Resolution carried(Resolved all) {
        var scan = all.scan();
        var kept = all.plan();
        for (var candidate : all.plan().candidates()) {
            var missing = missing(all, candidate);
            if (missing == null) {
                continue;
            }
            var excluded =
                    new Exclusion(
                            candidate.target().name(),
                            candidate.provider().key(),
                            candidate.model().name(),
                            Exclusion.Reason.CAPABILITY_MISSING,
                            missing);
            switch (without(kept, candidate, excluded)) {
                case RoutePlan smaller -> kept = smaller;
                case NoRoute none -> {
                    return new Impossible(
                            Refusal.of(none),
                            all.model(),
                            all.plan().route(),
                            scan.stream(),
                            none.exclusions());
                }
            }
        }
        return new Resolved(scan, all.body(), all.model(), kept, all.ceiling(), all.endpoint());
    }

    private static @Nullable String missing(Resolved asked, Candidate candidate) {
        var endpoint = asked.endpoint();
        if (endpoint != null) {
            return passThroughPrice(endpoint, candidate).isPresent()
                    ? null
                    : "does not declare the endpoint "
                            + endpoint
                            + " for model "
                            + candidate.model().name();
        }
        return bridge(asked.scan(), candidate) != null
                ? null
                : "speaks "
                        + candidate.provider().dialect()
                        + ", to which "
                        + asked(asked.scan())
                        + " cannot be translated";
    }

    /** Micro-dollars of one request; empty: this target does not declare the endpoint. */
    static OptionalLong passThroughPrice(String endpoint, Candidate candidate) {
        var declared = candidate.provider().passThrough(endpoint);
        return declared == null
                ? OptionalLong.empty()
                : declared.microsPerRequest(candidate.model().name());
    }

    /** Of all servers that speak its dialect, OpenAI's own counts tokens. */
    static List<String> quirks(RequestScan scan, Candidate candidate) {
        var provider = candidate.provider();
        return scan.operation() == Operation.COUNT_TOKENS && provider.type().equals("OpenAI")
                ? List.of(CountBridge.QUIRK_COUNTER)
                : provider.quirks();
    }

    static @Nullable Bridge bridge(RequestScan scan, Candidate candidate) {
        return Bridge.between(scan.dialect(), spoken(scan, candidate.provider()), scan.operation());
    }

    /** The dialect in which a request goes to a provider. */
    static Dialect spoken(RequestScan scan, ProviderEntry provider) {
        return scan.operation() == Operation.GENERATE && keeps(scan.dialect(), provider)
                ? scan.dialect()
                : Dialect.of(provider.dialect());
    }

    /**
     * Whether a provider speaks the client's own dialect. OpenAI itself speaks both of its
     * dialects; of other servers of chat completions only few know Responses, and not all of it.
     */
    static boolean keeps(Dialect client, ProviderEntry provider) {
        return provider.dialect().equals(client.wireName())
                || client == Dialect.OPENAI_RESPONSES && provider.type().equals("OpenAI");
    }

    /** The plan with one target less; no route if it was the last. */
    static Routing without(RoutePlan plan, Candidate candidate, Exclusion because) {
        var exclusions = new ArrayList<>(plan.exclusions());
        exclusions.add(because);
        var rest = plan.candidates().stream().filter(c -> !c.equals(candidate)).toList();
        if (rest.isEmpty()) {
            boolean soon = because.reason() == Exclusion.Reason.NEAR_LIMIT;
            return Router.exhausted(plan.route(), exclusions, soon ? (Long) SOON_MILLIS : null);
        }
        return plan.with(rest, exclusions);
    }

    private static String asked(RequestScan scan) {
        return switch (scan.operation()) {
            case GENERATE -> "a request of " + scan.dialect().wireName();
            case EMBED, EMBED_ONE -> "an embedding request of " + scan.dialect().wireName();
            case COUNT_TOKENS -> "a token count of " + scan.dialect().wireName();
            case PASS, LIST_MODELS, GET_MODEL -> "this";
        };
    }

    /** What a model must be capable of, in the words of ModelProvider. */
    private static Set<String> requires(RequestScan scan) {
        if (scan.operation() == Operation.PASS) {
            return Set.of();
        }
        var base = scan.operation().embeds() ? EMBEDDINGS : CHAT;
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
        return new Impossible(refusal, model, "", false, List.of());
    }
}
