package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.limits.TeamLimits;
import dev.tollgate.policy.route.Router;
import dev.tollgate.policy.snapshot.BudgetEntry;
import io.vertx.core.MultiMap;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Whether a request may be served under the budgets of a model: they are there, its tags are told
 * once, and its team's rate limits have room. Counted in the limits once, whatever it tries.
 */
final class Entrance {

    private final LoopParts loop;
    private final Arrival.Welcome welcome;
    private final MultiMap headers;
    private final Tally tally;
    private TeamLimits.@Nullable Pass pass;

    Entrance(LoopParts loop, Arrival.Welcome welcome, MultiMap headers, Tally tally) {
        this.loop = loop;
        this.welcome = welcome;
        this.headers = headers;
        this.tally = tally;
    }

    /** Null: it may be served under these budgets, and its tags are in the tally. */
    @Nullable Refusal admits(List<BudgetEntry> budgets) {
        if (Router.refusesUncounted(welcome.applied().snapshot(), budgets)) {
            return Refusal.unbudgeted(welcome.caller().namespace());
        }
        if (tally.tags.isEmpty()) {
            var repeated = TagValues.repeated(budgets, headers);
            if (repeated != null) {
                return Refusal.invalid(repeated + ": given more than once", null);
            }
            tally.tags = loop.tags().of(budgets, headers::get);
        }
        return null;
    }

    /** Null: the rate limits of its Budgets have room, and count it from here on. */
    @Nullable Refusal enters(List<BudgetEntry> budgets, long tokens) {
        if (pass != null) {
            return null;
        }
        return switch (loop.teamLimits().enter(budgets, tally.team, tokens, Instant.now())) {
            case TeamLimits.Entry.In in -> {
                pass = in.pass();
                if (!Router.counted(budgets)) {
                    loop.metrics().unbudgeted(tally.team);
                }
                yield null;
            }
            case TeamLimits.Entry.Full full -> Refusal.of(full);
        };
    }

    /** The request is over. */
    void leave() {
        if (pass != null) {
            pass.end(tally.usage.input() + tally.usage.output(), Instant.now());
        }
    }
}
