package dev.tollgate.dataplane.exchange;

import dev.tollgate.dataplane.cache.Answer;
import dev.tollgate.dataplane.cache.CacheKey;
import dev.tollgate.dataplane.cache.Flights;
import dev.tollgate.dataplane.cache.RequestKey;
import io.vertx.core.Context;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One request's part in the answer cache: it looks for an answer, waits for that of an identical
 * request that is on its way, or goes to a provider with others waiting for it. Runs on the
 * request's event loop.
 *
 * <pre>
 * start -> find --there--> known()
 *            +--not--> join --behind--> WAITING --kept--> known(); --alone, late--> unknown(); --again--> start
 *                        +--first--> find again --there--> known(); --not--> unknown(), and others wait
 * </pre>
 */
final class Recall {

    /** A request waits so long for another one, and at most half of its own time. */
    private static final long MAX_WAIT_NANOS = TimeUnit.SECONDS.toNanos(30);

    /** Hears once what the cache knows. */
    interface Owner {
        /** This is the answer. */
        void known(Answer answer);

        /** A provider has to be asked. */
        void unknown();

        /** Runs a step so that a bug in it ends the request. */
        void safely(Runnable step);
    }

    private final Owner owner;
    private final LoopParts loop;
    private final RequestKey.Keyed keyed;
    private final Predicate<Answer> allowed;
    private final Context context;
    private final long deadlineNanos;
    private long waitsSinceNanos;
    private long waitedNanos;
    private Flights.@Nullable Flight flight;
    private Flights.@Nullable Seat seat;
    private boolean told;

    /**
     * @param allowed whether an answer may be given to this request: by one of its targets
     * @param requestMillis the request's whole time
     */
    Recall(
            Owner owner,
            LoopParts loop,
            RequestKey.Keyed keyed,
            Predicate<Answer> allowed,
            long requestMillis) {
        this.owner = owner;
        this.loop = loop;
        this.keyed = keyed;
        this.allowed = allowed;
        this.context = loop.vertx().getOrCreateContext();
        this.deadlineNanos =
                System.nanoTime()
                        + Math.min(
                                MAX_WAIT_NANOS, TimeUnit.MILLISECONDS.toNanos(requestMillis) / 2);
    }

    void start() {
        if (keyed.mayAnswer()) {
            find(this::join);
        } else {
            unknown();
        }
    }

    private void find(Runnable otherwise) {
        var found = loop.cache().store().find(key(), System.currentTimeMillis());
        if (found.succeeded()) {
            found(found.result(), otherwise);
        } else {
            found.onComplete(
                    answer -> owner.safely(() -> found(answer, otherwise)),
                    failure -> owner.safely(() -> found(Optional.empty(), otherwise)));
        }
    }

    private void found(Optional<Answer> answer, Runnable otherwise) {
        if (told) {
            return;
        }
        if (answer.isPresent() && allowed.test(answer.get())) {
            known(answer.get());
        } else {
            otherwise.run();
        }
    }

    private void join() {
        switch (loop.cache().flights().join(key(), this::landed)) {
            case Flights.Place.First first -> {
                flight = first.flight();
                find(this::unknown); // it may have been kept since the first look
            }
            case Flights.Place.Behind behind -> {
                seat = behind.seat();
                waitsSinceNanos = System.nanoTime();
            }
            case Flights.Place.Full full -> unknown();
        }
    }

    /** Any thread. */
    private void landed(Flights.Landing landing) {
        context.runOnContext(v -> owner.safely(() -> hear(landing)));
    }

    private void hear(Flights.Landing landing) {
        if (seat == null || told) {
            return;
        }
        waits(false);
        switch (landing) {
            case Flights.Landing.Kept kept -> {
                if (allowed.test(kept.answer())) {
                    known(kept.answer());
                } else {
                    unknown();
                }
            }
            case Flights.Landing.Alone alone -> unknown();
            case Flights.Landing.Again again -> find(this::join);
        }
    }

    private void waits(boolean leaves) {
        var waiting = seat;
        seat = null;
        if (waiting != null) {
            waitedNanos += System.nanoTime() - waitsSinceNanos;
            if (leaves) {
                waiting.leave();
            }
        }
    }

    void tick(long nowNanos) {
        if (seat != null && nowNanos - deadlineNanos >= 0) {
            waits(true);
            unknown();
        }
    }

    /** How long it has waited for others. */
    long waitedNanos() {
        return waitedNanos;
    }

    private void known(Answer answer) {
        told = true;
        land(new Flights.Landing.Kept(answer));
        owner.known(answer);
    }

    private void unknown() {
        told = true;
        owner.unknown();
    }

    // ---- the provider's answer

    private CacheKey key() {
        return keyed.key();
    }

    long ttlMillis() {
        return keyed.ttlMillis();
    }

    /** The provider's answer is whole: for those that wait, and those to come. */
    void keep(Answer answer) {
        loop.cache().store().keep(key(), answer);
        land(new Flights.Landing.Kept(answer));
    }

    /** Whatever the provider answers is not for others. */
    void keepsNothing() {
        land(new Flights.Landing.Alone());
    }

    /**
     * The request is over: nobody waits for it any more, and it for nobody.
     *
     * @param clientGone it failed for no reason of its own
     */
    void over(boolean clientGone) {
        told = true;
        waits(true);
        land(clientGone ? new Flights.Landing.Again() : new Flights.Landing.Alone());
    }

    private void land(Flights.Landing landing) {
        var flying = flight;
        flight = null;
        if (flying != null) {
            flying.land(landing);
        }
    }
}
