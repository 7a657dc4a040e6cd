package dev.tollgate.dataplane.exchange;

import dev.tollgate.policy.budget.Ladder;
import dev.tollgate.policy.route.HeaderLookup;
import dev.tollgate.policy.route.Router;

/**
 * The cheaper model that the ladder of a Budget asks for (api.md, B3), where one of the targets
 * that a request may go to would charge it. At most once: the cheaper name's own Budgets ask for
 * nothing more. A name that leads nowhere for this caller leaves the request as it is; the Budget's
 * condition ResolvedRefs says so.
 */
final class Downgrade {

    private Downgrade() {}

    static Resolution.Resolved of(
            LoopParts loop,
            Arrival.Welcome welcome,
            Resolution.Resolved found,
            HeaderLookup headers,
            Tally tally) {
        var budgets =
                Router.ladders(
                        welcome.applied().index(), welcome.caller(), found.plan().candidates());
        if (budgets.isEmpty()) {
            return found;
        }
        var team = welcome.caller().namespace();
        var ladder = Ladder.of(budgets, b -> loop.gate().spent(b, team).microsDown());
        var cheaper = ladder.downgradeTo();
        if (cheaper == null
                || !(Resolution.instead(welcome, found, cheaper, headers)
                        instanceof Resolution.Resolved instead)) {
            return found;
        }
        tally.reached(ladder.steps());
        return instead;
    }
}
