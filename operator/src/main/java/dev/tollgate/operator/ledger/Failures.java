package dev.tollgate.operator.ledger;

import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.AmountWatch;
import dev.tollgate.policy.budget.HolderId;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the ledger failed at, which is a bug: a step that breaks a rule of money and so is not
 * written, or anything else that was thrown. It is logged and counted, and ends nothing for what
 * comes next. Any thread.
 */
final class Failures {

    private static final Logger LOG = LoggerFactory.getLogger(Failures.class);

    private final LongAdder count = new LongAdder();
    private final LongAdder lateAmounts = new LongAdder();

    long count() {
        return count.sum();
    }

    /** The turn of an account has failed. */
    void at(AccountKey account, RuntimeException bug) {
        count.increment();
        LOG.atError()
                .addKeyValue("account", account)
                .setCause(bug)
                .log("the ledger failed at an account; it goes on with the next");
    }

    /** The Register of a holder has failed, which is refused. */
    void at(HolderId holder, RuntimeException bug) {
        count.increment();
        LOG.atError()
                .addKeyValue("holder", holder)
                .setCause(bug)
                .log("the ledger failed at a Register; its proxy is refused and comes again");
    }

    /** I10: the amount of an account is not in force. */
    void late(AmountWatch.Late late) {
        if (late.storeSilent()) {
            LOG.atWarn()
                    .addKeyValue("account", late.account())
                    .log(
                            "its amount was changed to {} micro-USD at {}, and {} are in force yet:"
                                    + " the store does not answer",
                            late.amountMicros(),
                            late.since(),
                            late.inForceMicros());
            return;
        }
        lateAmounts.increment();
        LOG.atError()
                .addKeyValue("account", late.account())
                .log(
                        "I10: its amount was changed to {} micro-USD at {}, and {} are in force yet",
                        late.amountMicros(),
                        late.since(),
                        late.inForceMicros());
    }

    /** How often an amount was not in force in time though the store answered. */
    long lateAmounts() {
        return lateAmounts.sum();
    }

    /**
     * What it throws is told. An Error too: on a thread of its own or of a schedule nobody would
     * hear of it, and the schedule would end. A process without memory is ended by its JVM.
     */
    void guard(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            count.increment();
            LOG.atError().setCause(e).log("the ledger failed at a task; it goes on with the next");
        }
    }
}
