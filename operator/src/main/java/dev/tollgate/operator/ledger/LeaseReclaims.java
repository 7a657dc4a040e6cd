package dev.tollgate.operator.ledger;

import dev.tollgate.crds.budget.ReclaimStatus;
import dev.tollgate.crds.budget.ReclaimStatus.Outcome;
import dev.tollgate.crds.resource.Budget;
import dev.tollgate.operator.api.ApiFailure;
import dev.tollgate.policy.budget.ReclaimRequest;
import dev.tollgate.policy.budget.Reclaimed;
import dev.tollgate.policy.price.Money;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Handles {@code tollgate.dev/reclaim-lease} of Budgets (budgets.md, section 10): each text once,
 * and a refusal is final for it, so that nothing is given back long after somebody asked. Only what
 * cannot be known at the moment is tried again at the next look. What came of it is for the status,
 * whose text tells the next operator what was handled.
 */
public final class LeaseReclaims {

    private static final int MAX_TEXT_CHARS = 2_048;

    private static final Logger LOG = LoggerFactory.getLogger(LeaseReclaims.class);

    private final LedgerStreams streams;
    private final FleetPods pods;
    private final Clock clock;
    private final Map<String, ReclaimStatus> outcomes = new ConcurrentHashMap<>();

    /** The text that was last seen and handled, by Budget; empty: there was none. */
    private final Map<String, String> handled = new HashMap<>(); // confined to the ledger's thread

    public LeaseReclaims(LedgerStreams streams, FleetPods pods, Clock clock) {
        this.streams = streams;
        this.pods = pods;
        this.clock = clock;
    }

    /** What came of the last one that this operator has handled, by Budget. */
    public Map<String, ReclaimStatus> outcomes() {
        return Map.copyOf(outcomes);
    }

    /**
     * Returns at once.
     *
     * @param budgets all that there are
     */
    public void look(List<Budget> budgets) {
        streams.later(
                () -> {
                    var present = new HashMap<String, Budget>();
                    budgets.forEach(b -> present.put(name(b), b));
                    handled.keySet().retainAll(present.keySet());
                    outcomes.keySet().retainAll(present.keySet());
                    present.forEach(this::look);
                });
    }

    private static String name(Budget budget) {
        return budget.metadata().namespace() + "/" + budget.metadata().name();
    }

    private void look(String name, Budget budget) {
        var text = budget.metadata().annotations().get(ReclaimRequest.ANNOTATION);
        var before = handled.get(name);
        if (text == null) {
            handled.put(name, "");
            return;
        }
        var told = budget.status() == null ? null : budget.status().lastReclaim();
        if (before == null && told != null && told.request().equals(cut(text))) {
            handled.put(name, text); // by an operator before this one
            return;
        }
        if (text.equals(before)) {
            return;
        }
        var outcome = handle(name, text);
        if (outcome != null) {
            handled.put(name, text);
            outcomes.put(name, outcome);
            LOG.atWarn()
                    .addKeyValue("budget", name)
                    .addKeyValue("holder", outcome.holder())
                    .addKeyValue("user", outcome.user())
                    .addKeyValue("outcome", outcome.outcome())
                    .log(outcome.message());
        }
    }

    private static String cut(String text) {
        return text.substring(0, Math.min(text.length(), MAX_TEXT_CHARS));
    }

    /** Null: not known yet. */
    private @Nullable ReclaimStatus handle(String budget, String text) {
        ReclaimRequest request;
        try {
            request = ReclaimRequest.parse(text);
        } catch (IllegalArgumentException e) {
            return status(text, null, Outcome.REFUSED, null, "not reclaimed: " + e.getMessage());
        }
        try {
            var there = streams.mayBeThere(request.holder(), pods);
            if (there.isPresent()) {
                return status(
                        text,
                        request,
                        Outcome.REFUSED,
                        null,
                        "holder " + request.holder() + " is not lost: " + there.get());
            }
        } catch (KubernetesClientException e) {
            LOG.atWarn()
                    .addKeyValue("budget", budget)
                    .addKeyValue("error", ApiFailure.text(e))
                    .log("a lease is not reclaimed yet: the pods of the fleet cannot be listed");
            return null;
        }
        return switch (streams.reclaim(budget, request.holder())) {
            case Reclaimed.Done(var settled, var back) ->
                    status(
                            text,
                            request,
                            Outcome.RETURNED,
                            dollars(back),
                            "$"
                                    + dollars(back)
                                    + " of holder "
                                    + request.holder()
                                    + " may be granted again, $"
                                    + dollars(settled)
                                    + " of it are settled; by "
                                    + request.user()
                                    + ": "
                                    + request.reason());
            case Reclaimed.Before(var settled) ->
                    status(
                            text,
                            request,
                            Outcome.RETURNED,
                            "0",
                            "what holder "
                                    + request.holder()
                                    + " had was reclaimed before, $"
                                    + dollars(settled)
                                    + " of it are settled; asked for again by "
                                    + request.user()
                                    + ": "
                                    + request.reason());
            case Reclaimed.Refused(var why) -> status(text, request, Outcome.REFUSED, null, why);
            case Reclaimed.Unavailable(var why) -> {
                LOG.atWarn()
                        .addKeyValue("budget", budget)
                        .addKeyValue("error", why)
                        .log("a lease is not reclaimed yet");
                yield null;
            }
        };
    }

    private static String dollars(long micros) {
        return Money.ofMicros(micros).toString();
    }

    private ReclaimStatus status(
            String text,
            @Nullable ReclaimRequest request,
            Outcome outcome,
            @Nullable String returned,
            String message) {
        return new ReclaimStatus(
                cut(text),
                outcome,
                request == null ? null : request.holder().toString(),
                request == null ? null : request.user(),
                request == null ? null : request.reason(),
                returned,
                clock.instant().truncatedTo(ChronoUnit.SECONDS),
                cut(message));
    }
}
