package dev.tollgate.dataplane.budget;

import dev.tollgate.policy.price.Money;
import java.util.List;

/** Money held for one attempt. Its intent is in the log. Any thread may call it. */
public interface Reservation {

    /** The claim's bound. */
    Money held();

    /** The budgets that it charges, as they stand: for the client's header. */
    List<BudgetView> budgets();

    /** What Budgets in mode Shadow would have refused it for, were they Hard. */
    List<WouldRefuse> wouldRefuse();

    /**
     * Whether a request may be sent under it (I6): its intent is in the log, each Hard Budget with
     * an amount holds all of the bound, and nobody has settled it. Takes no lock.
     */
    boolean counts();

    /** What {@link #settle} has charged, to the Budget that was charged least; zero before. */
    Money charged();

    /**
     * Charges {@code cost} and frees the rest. Once: a second call is ignored and counted. Zero if
     * nothing was billed.
     *
     * @param assumed the provider did not say; the cost is an upper bound
     */
    void settle(Money cost, boolean assumed);
}
