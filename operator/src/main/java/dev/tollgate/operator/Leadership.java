package dev.tollgate.operator;

import dev.tollgate.operator.kube.MemorySecrets;
import dev.tollgate.policy.budget.AccountStore;
import java.util.function.LongConsumer;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which operator of a fleet may act: the one with the highest epoch. Whoever begins to lead claims
 * one above all that it knows of, in Secret {@code tollgate-lkg-0}; an operator that sees a higher
 * one there, in an account of the ledger or at a proxy is over.
 *
 * <pre>
 *   claimed --a higher epoch is stored--------------------------> fenced
 *      ^  |
 *      +--+ a proxy knows a higher epoch that is not stored: the memory was lost, claim above it
 * </pre>
 */
final class Leadership implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Leadership.class);

    private final MemorySecrets secrets;
    private final EpochFile file;
    private final Runnable fenced;
    private @Nullable AutoCloseable watch;
    private long epoch;
    private boolean over;

    private Leadership(MemorySecrets secrets, EpochFile file, long epoch, Runnable fenced) {
        this.secrets = secrets;
        this.file = file;
        this.epoch = epoch;
        this.fenced = fenced;
    }

    /**
     * Claims; blocking.
     *
     * @param transitions of the Lease: so many leaders there were before, at least
     * @param store its accounts bear the epochs of the ledgers that wrote them
     * @param fenced run once, on a thread of its own, when a later operator has taken over
     */
    static Leadership claim(
            MemorySecrets secrets,
            EpochFile file,
            long transitions,
            AccountStore store,
            Runnable fenced)
            throws StartRefusal {
        long before = Math.max(transitions, Math.max(file.read(), highest(store)));
        long epoch = secrets.claimEpoch(before);
        file.write(epoch);
        LOG.atInfo().addKeyValue("epoch", epoch).log("epoch claimed");
        return new Leadership(secrets, file, epoch, fenced);
    }

    private static long highest(AccountStore store) throws StartRefusal {
        return switch (store.list("")) {
            case AccountStore.Listing.Ok(var accounts, var damaged) ->
                    LongStream.concat(
                                    accounts.stream().mapToLong(v -> v.account().epoch()),
                                    damaged.stream().mapToLong(AccountStore.Damaged::epoch))
                            .max()
                            .orElse(0);
            case AccountStore.Listing.Unavailable(var reason) ->
                    throw new StartRefusal(
                            StartRefusal.MISSING, "accounts cannot be read: " + reason);
        };
    }

    synchronized long epoch() {
        return epoch;
    }

    /** Begins to look for later operators. */
    void watch() {
        watch = secrets.watchEpoch(this::seen);
    }

    private synchronized void seen(long stored) {
        if (stored > epoch) {
            fence(stored);
        }
    }

    /** Something was written under a higher epoch, so a later operator runs or has run. */
    synchronized void fence(long theirs) {
        if (over) {
            return;
        }
        over = true;
        LOG.atError()
                .addKeyValue("epoch", epoch)
                .addKeyValue("later", theirs)
                .log("a later operator runs; this one ends");
        Thread.ofPlatform().name("fenced").start(fenced);
    }

    /**
     * A proxy has seen a higher epoch: a later operator runs, or our memory was lost. Blocking.
     *
     * @param claimed told of the new epoch in the second case
     */
    synchronized void outrun(long theirs, LongConsumer claimed) {
        if (over || theirs <= epoch) {
            return;
        }
        if (secrets.storedEpoch() > epoch) {
            fence(theirs);
            return;
        }
        epoch = secrets.claimEpoch(theirs);
        LOG.atWarn()
                .addKeyValue("epoch", epoch)
                .log("proxies knew a higher epoch than the last-known-good Secret; claimed anew");
        claimed.accept(epoch);
        try {
            file.write(epoch);
        } catch (StartRefusal e) {
            LOG.atWarn()
                    .addKeyValue("error", e.getMessage())
                    .log("the epoch is in the Secret only");
        }
    }

    @Override
    public void close() throws Exception {
        var open = watch;
        if (open != null) {
            open.close();
        }
    }
}
