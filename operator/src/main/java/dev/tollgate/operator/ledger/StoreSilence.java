package dev.tollgate.operator.ledger;

import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.AccountStore;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A store, and when it last did not answer: it said that it cannot, or took longer than a second.
 * Any thread; blocks as the store does.
 */
public final class StoreSilence implements AccountStore {

    static final Duration SLOW = Duration.ofSeconds(1);

    private final AccountStore store;
    private final Clock clock;
    private final AtomicReference<@Nullable Instant> last = new AtomicReference<>();

    /** When each call began that is not answered. */
    private final Map<Object, Instant> asked = new ConcurrentHashMap<>();

    public StoreSilence(AccountStore store, Clock clock) {
        this.store = store;
        this.clock = clock;
    }

    /** Now, if it is silent now; null: it has always answered. */
    @Nullable Instant last() {
        var now = clock.instant();
        for (var began : asked.values()) {
            if (isSlow(began, now)) {
                return now;
            }
        }
        return last.get();
    }

    private static boolean isSlow(Instant began, Instant now) {
        return now.isAfter(began.plus(SLOW));
    }

    private <T> T ask(Supplier<T> call, Predicate<T> answers) {
        var began = clock.instant();
        var mine = new Object();
        asked.put(mine, began);
        boolean answered = false;
        try {
            var answer = call.get();
            answered = answers.test(answer);
            return answer;
        } finally {
            asked.remove(mine);
            var now = clock.instant();
            if (!answered || isSlow(began, now)) {
                last.accumulateAndGet(now, StoreSilence::later);
            }
        }
    }

    private static @Nullable Instant later(@Nullable Instant a, @Nullable Instant b) {
        return a == null || b != null && b.isAfter(a) ? b : a;
    }

    @Override
    public Read read(AccountKey key) {
        return ask(
                () -> store.read(key),
                answer ->
                        switch (answer) {
                            case Read.Ok _, Read.Absent _ -> true;
                            case Read.Unreadable _, Read.Unavailable _ -> false;
                        });
    }

    @Override
    public Write compareAndSet(AccountKey key, String version, Account account) {
        return ask(() -> store.compareAndSet(key, version, account), StoreSilence::isAnswer);
    }

    @Override
    public Write delete(AccountKey key, String version) {
        // one that deletes nothing says so, and answers all the same
        return store.delete(key, version);
    }

    private static boolean isAnswer(Write write) {
        return switch (write) {
            case Write.Ok _, Write.Conflict _ -> true;
            case Write.Unavailable _, Write.Unknown _ -> false;
        };
    }

    @Override
    public Listing list(String prefix) {
        return ask(() -> store.list(prefix), Listing.Ok.class::isInstance);
    }

    @Override
    public Identity identity() {
        return ask(store::identity, Identity.Ok.class::isInstance);
    }
}
