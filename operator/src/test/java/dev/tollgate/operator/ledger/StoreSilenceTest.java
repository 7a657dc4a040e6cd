package dev.tollgate.operator.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.AccountStore;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** By its own clock. */
class StoreSilenceTest {

    private static final AccountKey KEY = AccountKey.parse("team-a/b//lifetime");
    private static final Instant START = Instant.parse("2026-11-23T10:00:00Z");

    private Instant now = START;
    private Duration takes = Duration.ZERO;
    private Supplier<AccountStore.Read> read = AccountStore.Read.Absent::new;
    private Supplier<AccountStore.Write> write = () -> new AccountStore.Write.Ok("1");
    private final StoreSilence store = new StoreSilence(new Scripted(), new Ticking());

    private void pass(Duration time) {
        now = now.plus(time);
    }

    @Test
    void whatAnswersInTimeIsNotSilent() {
        takes = Duration.ofSeconds(1);
        store.read(KEY);
        store.compareAndSet(KEY, "", Account.opened(KEY, 1));
        write = AccountStore.Write.Conflict::new;
        store.compareAndSet(KEY, "", Account.opened(KEY, 1));
        store.list("");
        store.identity();
        store.delete(KEY, "1"); // it keeps all, and says so
        assertThat(store.last()).isNull();
    }

    @Test
    void whatCannotAnswerIsSilentThen() {
        read = () -> new AccountStore.Read.Unavailable("no");
        store.read(KEY);
        assertThat(store.last()).isEqualTo(START);
        pass(Duration.ofSeconds(9));
        assertThat(store.last()).isEqualTo(START);
        write = () -> new AccountStore.Write.Unknown("who knows");
        store.compareAndSet(KEY, "", Account.opened(KEY, 1));
        assertThat(store.last()).isEqualTo(now);
        pass(Duration.ofSeconds(9));
        read =
                () -> {
                    throw new IllegalStateException("broken");
                };
        assertThatThrownBy(() -> store.read(KEY)).hasMessage("broken");
        assertThat(store.last()).isEqualTo(now);
    }

    @Test
    void whatTakesLongerThanASecondIsSilentAsLongAsItTakes() {
        takes = Duration.ofMillis(1_001);
        read =
                () -> {
                    assertThat(store.last()).as("within the call").isEqualTo(now);
                    pass(Duration.ofSeconds(3));
                    assertThat(store.last()).isEqualTo(now);
                    return new AccountStore.Read.Absent();
                };
        store.read(KEY);
        assertThat(store.last()).isEqualTo(now);
        var then = now;
        pass(Duration.ofSeconds(9));
        assertThat(store.last()).isEqualTo(then);
    }

    private final class Ticking extends Clock {
        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }

    private final class Scripted implements AccountStore {
        @Override
        public Read read(AccountKey key) {
            pass(takes);
            return read.get();
        }

        @Override
        public Write compareAndSet(AccountKey key, String version, Account account) {
            pass(takes);
            return write.get();
        }

        @Override
        public Listing list(String prefix) {
            pass(takes);
            return new Listing.Ok(List.of());
        }

        @Override
        public Identity identity() {
            pass(takes);
            return new Identity.Ok("one");
        }
    }
}
