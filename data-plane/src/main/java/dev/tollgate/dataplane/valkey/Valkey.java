package dev.tollgate.dataplane.valkey;

import dev.tollgate.dataplane.cache.AnswerStore;
import dev.tollgate.dataplane.cache.MemoryAnswers;
import dev.tollgate.dataplane.limits.RateShares;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.concurrent.TimeUnit;

/**
 * The Valkey that a proxy was given: limits are divided in it and answers kept, over a connection
 * each, so that a large answer delays no share. The proxy starts without waiting for it, and goes
 * on when it is away. Any thread.
 */
public final class Valkey {

    /**
     * Other proxies may be there that this one has not seen yet: it takes as much as one of ten.
     */
    private static final int ASSUMED_PROXIES = 10;

    private static final long FIRST_HEARD_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final ValkeyLink answersLink;
    private final ValkeyAnswers answers;
    private final ValkeyShares shares;
    private final long startedNanos = System.nanoTime();

    private Valkey(Vertx vertx, ValkeyAddress address, RateShares rates) {
        this.answersLink = new ValkeyLink(vertx, address, "cache", _ -> Future.succeededFuture());
        this.answers = new ValkeyAnswers(vertx, new MemoryAnswers(), answersLink);
        this.shares = new ValkeyShares(vertx, address, rates);
    }

    /** Begins to dial. */
    public static Valkey start(Vertx vertx, ValkeyAddress address, RateShares rates) {
        var valkey = new Valkey(vertx, address, rates);
        valkey.answersLink.start();
        return valkey;
    }

    public AnswerStore answers() {
        return answers;
    }

    /** By how many proxies a limit is divided of which this one has no share yet. */
    public int assumedProxies() {
        boolean early = System.nanoTime() - startedNanos < FIRST_HEARD_NANOS;
        return early || shares.dividing() ? ASSUMED_PROXIES : 1;
    }

    /** Limits are stated, if there are any: from now on it is a matter of two seconds at most. */
    public void limitsStated() {
        shares.limitsStated();
    }

    /**
     * Ends when this proxy has a share of every limit that was stated first, or has waited for it
     * for two seconds.
     */
    public Future<Void> firstShares() {
        return shares.firstShares();
    }

    /** Whether limits are divided in it now. */
    public boolean dividesLimits() {
        return shares.dividing();
    }

    /** Whether answers are kept in it now. */
    public boolean keepsAnswers() {
        return answersLink.up();
    }

    /** Leaves, and says so; ends within a second. */
    public Future<Void> close() {
        answersLink.close();
        return shares.close();
    }
}
