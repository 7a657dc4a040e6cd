package dev.tollgate.dataplane.wal;

import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.LeaseTotals;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the records of a log add up to: the leases with their totals, and the intents that nobody
 * has settled. The same fold runs while the log is written and when it is read again, so that a
 * replay gives what was in memory. I2 and I4 are checked in every step; a violation is a bug and
 * throws. That an attempt is charged what it costs (I8) is checked too, and counted: what was sent
 * is sent. One thread at a time.
 */
final class LogState {

    private static final Logger LOG = LoggerFactory.getLogger(LogState.class);

    private static final long NANOS_PER_MICRO = 1_000;

    private record LeaseKey(String account, long epoch) {}

    private static final class Lease {
        final String account;
        final long epoch;
        long amountMicros;
        long settledNanos;
        long returnedMicros;
        long overrunNanos;
        long openNanos;
        int holds;
        long lastRequest;
        long seq;
        boolean closed;
        private @Nullable AccountKey key;

        Lease(String account, long epoch) {
            this.account = account;
            this.epoch = epoch;
        }

        AccountKey key() {
            var known = key;
            if (known == null) {
                known = AccountKey.parse(account);
                key = known;
            }
            return known;
        }
    }

    private record Open(Lease lease, long nanos) {}

    /** A request without a usage record so far. */
    private record Running(LogRecord.Request request, List<Attempt> attempts) {}

    private static final class Attempt {
        final String request;
        final LogRecord.Try about;
        final List<Open> holds;
        long costNanos;
        boolean assumed;

        Attempt(String request, LogRecord.Try about, List<Open> holds) {
            this.request = request;
            this.about = about;
            this.holds = holds;
        }
    }

    private final Map<LeaseKey, Lease> earlier = new LinkedHashMap<>();
    private final Map<String, Lease> current = new HashMap<>();
    private final Map<Long, Attempt> intents = new LinkedHashMap<>();
    private final Map<String, Running> running = new LinkedHashMap<>();
    private long epoch;
    private String kernelBoot = "";
    private boolean stopped;
    private long undercharged;

    /** Of the last Boot; 0: none yet. */
    long epoch() {
        return epoch;
    }

    String kernelBoot() {
        return kernelBoot;
    }

    /** The last start ended in order. */
    boolean stopped() {
        return stopped;
    }

    /** Attempts that a Budget was charged less of than they cost (I8). */
    long undercharged() {
        return undercharged;
    }

    int openIntents() {
        return intents.size();
    }

    /**
     * False: of a lease that is closed nothing is asked for, granted, held or returned any more,
     * and none is closed while something is held of it, be it nothing. Its totals are final; and a
     * log with such a record could not be read again.
     */
    boolean takes(LogRecord record) {
        return switch (record) {
            case LogRecord.Acquire acquire -> !isClosed(acquire.account());
            case LogRecord.Grant grant -> !isClosed(grant.account());
            case LogRecord.Return back -> !isClosed(back.account());
            case LogRecord.Intent intent -> {
                for (var hold : intent.holds()) {
                    if (isClosed(hold.account())) {
                        yield false;
                    }
                }
                yield true;
            }
            case LogRecord.Close close -> {
                var lease = find(close.account(), close.epoch());
                yield lease == null || lease.holds == 0;
            }
            case LogRecord.Boot _,
                    LogRecord.Settle _,
                    LogRecord.Forget _,
                    LogRecord.Stop _,
                    LogRecord.Usage _,
                    LogRecord.Checkpoint _ ->
                    true;
        };
    }

    boolean isClosed(String account) {
        var lease = current.get(account);
        return lease != null && lease.closed;
    }

    /**
     * @param number of the record in the log
     */
    void apply(long number, LogRecord record) {
        switch (record) {
            case LogRecord.Boot boot -> boot(boot);
            case LogRecord.Acquire acquire -> {
                var lease = lease(acquire.account());
                lease.lastRequest = Math.max(lease.lastRequest, acquire.request());
            }
            case LogRecord.Grant grant -> {
                var lease = lease(grant.account());
                lease.amountMicros = Math.max(lease.amountMicros, grant.amountMicros());
                lease.seq = Math.max(lease.seq, grant.seq());
            }
            case LogRecord.Intent intent -> intent(number, intent);
            case LogRecord.Settle settle -> settle(settle);
            case LogRecord.Return back -> {
                var lease = lease(back.account());
                lease.returnedMicros = Math.max(lease.returnedMicros, back.returnedMicros());
                check(lease);
            }
            case LogRecord.Close close -> {
                var lease = find(close.account(), close.epoch());
                if (lease != null) {
                    if (lease.holds != 0) {
                        throw new IllegalStateException(
                                lease.account + ": closed with " + lease.holds + " holds open");
                    }
                    lease.closed = true;
                }
            }
            case LogRecord.Forget forget -> {
                earlier.remove(new LeaseKey(forget.account(), forget.epoch()));
                if (forget.epoch() == epoch) {
                    current.remove(forget.account());
                }
            }
            case LogRecord.Stop stop -> stopped = true;
            case LogRecord.Usage(var request, var json) -> running.remove(request);
            case LogRecord.Checkpoint checkpoint -> restore(checkpoint.state());
        }
    }

    /** What the ledger is told, of every lease that it has not acknowledged as closed. */
    List<LeaseTotals> totals() {
        var totals = new ArrayList<LeaseTotals>();
        for (var lease : earlier.values()) {
            totals.add(totals(lease));
        }
        for (var lease : current.values()) {
            totals.add(totals(lease));
        }
        return totals;
    }

    @Nullable LeaseTotals totals(String account, long ofEpoch) {
        var lease = find(account, ofEpoch);
        return lease == null ? null : totals(lease);
    }

    /** What is settled and overrun of each lease, in nano-USD. */
    Map<LogSums.Of, LogSums.Spent> spent() {
        var spent = new HashMap<LogSums.Of, LogSums.Spent>();
        for (var leases : List.of(earlier.values(), current.values())) {
            for (var lease : leases) {
                spent.put(
                        new LogSums.Of(lease.account, lease.epoch),
                        new LogSums.Spent(lease.settledNanos, lease.overrunNanos));
            }
        }
        return spent;
    }

    /** Numbers of the intents that nobody has settled. */
    Set<Long> open() {
        return Set.copyOf(intents.keySet());
    }

    /** Number of the last Acquire of the current lease. */
    long lastRequest(String account) {
        var lease = current.get(account);
        return lease == null ? 0 : lease.lastRequest;
    }

    /** What would settle every open intent at its hold. */
    List<LogRecord.Settle> settlementsAtHold() {
        var settlements = new ArrayList<LogRecord.Settle>();
        intents.forEach(
                (number, attempt) -> {
                    var charges = new ArrayList<LogRecord.Charge>();
                    for (var hold : attempt.holds) {
                        var overrun = Math.max(0, attempt.about.boundNanos() - hold.nanos());
                        charges.add(
                                new LogRecord.Charge(hold.lease().account, hold.nanos(), overrun));
                    }
                    settlements.add(
                            new LogRecord.Settle(
                                    number, attempt.about.boundNanos(), true, charges));
                });
        return settlements;
    }

    /** How many requests have an attempt and no usage record. */
    int running() {
        return running.size();
    }

    /** A kill now costs their records; what their attempts hold stays held. */
    void forgetRunning() {
        running.clear();
    }

    /** Requests with an attempt and without a usage record, oldest first. */
    List<Interrupted> interrupted() {
        var requests = new ArrayList<Interrupted>();
        for (var request : running.values()) {
            var tries = new LinkedHashMap<Integer, Interrupted.Tried>();
            for (var attempt : request.attempts()) {
                var budgets =
                        attempt.holds.stream().map(hold -> hold.lease().key().budget()).toList();
                tries.merge(
                        attempt.about.number(),
                        new Interrupted.Tried(
                                attempt.about, attempt.costNanos, attempt.assumed, budgets),
                        Interrupted.Tried::plus);
            }
            requests.add(new Interrupted(request.request(), List.copyOf(tries.values())));
        }
        return requests;
    }

    private void boot(LogRecord.Boot boot) {
        if (boot.epoch() <= epoch) {
            throw new IllegalStateException(
                    "boot epoch " + boot.epoch() + " (expected: > " + epoch + ")");
        }
        for (var lease : current.values()) {
            earlier.put(new LeaseKey(lease.account, lease.epoch), lease);
        }
        current.clear();
        epoch = boot.epoch();
        kernelBoot = boot.kernelBoot();
        stopped = false;
    }

    private void intent(long number, LogRecord.Intent intent) {
        var holds = new ArrayList<Open>(intent.holds().size());
        for (var hold : intent.holds()) {
            var lease = lease(hold.account());
            if (lease.closed) {
                throw new IllegalStateException(lease.account + ": intent after close");
            }
            lease.openNanos = Math.addExact(lease.openNanos, hold.nanos());
            lease.holds++;
            check(lease);
            holds.add(new Open(lease, hold.nanos()));
        }
        var attempt = new Attempt(intent.request().id(), intent.attempt(), holds);
        if (intents.put(number, attempt) != null) {
            throw new IllegalStateException("I4: second intent " + number);
        }
        running.computeIfAbsent(
                        intent.request().id(),
                        id -> new Running(intent.request(), new ArrayList<>(1)))
                .attempts()
                .add(attempt);
    }

    /** A second settlement of an intent has no effect. */
    private void settle(LogRecord.Settle settle) {
        var attempt = intents.remove(settle.intent());
        if (attempt == null) {
            return;
        }
        attempt.costNanos = settle.costNanos();
        attempt.assumed = settle.assumed();
        forgetIfFree(attempt);
        var holds = attempt.holds;
        var least = holds.isEmpty() ? settle.costNanos() : Long.MAX_VALUE;
        for (var hold : holds) {
            hold.lease().openNanos -= hold.nanos();
            hold.lease().holds--;
            least = Math.min(least, charged(settle, hold.lease().account));
        }
        if (least < settle.costNanos()) {
            undercharged++;
            LOG.error(
                    "I8: request {}: {} nano-USD are charged by {}",
                    attempt.request,
                    least,
                    settle);
        }
        for (var charge : settle.charges()) {
            for (var hold : holds) {
                if (hold.lease().account.equals(charge.account())) {
                    var lease = hold.lease();
                    lease.settledNanos = Math.addExact(lease.settledNanos, charge.settledNanos());
                    lease.overrunNanos = Math.addExact(lease.overrunNanos, charge.overrunNanos());
                    check(lease);
                }
            }
        }
    }

    private static long charged(LogRecord.Settle settle, String account) {
        var sum = 0L;
        var charges = settle.charges();
        for (var i = 0; i < charges.size(); i++) {
            var charge = charges.get(i);
            if (charge.account().equals(account)) {
                sum = Math.addExact(sum, charge.settledNanos() + charge.overrunNanos());
            }
        }
        return sum;
    }

    /**
     * What cost nothing needs no record after a kill; and an intent that came after the record of
     * its request, whose client left while it waited for money, is settled so.
     */
    private void forgetIfFree(Attempt attempt) {
        var request = running.get(attempt.request);
        if (request == null || attempt.costNanos != 0 || attempt.assumed) {
            return;
        }
        request.attempts().remove(attempt);
        if (request.attempts().isEmpty()) {
            running.remove(attempt.request);
        }
    }

    private static void check(Lease lease) {
        var spent = Math.addExact(lease.openNanos, lease.settledNanos);
        var owned = Math.multiplyExact(lease.amountMicros - lease.returnedMicros, NANOS_PER_MICRO);
        if (spent > owned) {
            throw new IllegalStateException(
                    "I2: "
                            + lease.account
                            + " holds and settled "
                            + spent
                            + " nano-USD of "
                            + owned);
        }
    }

    private Lease lease(String account) {
        return current.computeIfAbsent(account, a -> new Lease(a, epoch));
    }

    private @Nullable Lease find(String account, long ofEpoch) {
        return ofEpoch == epoch
                ? current.get(account)
                : earlier.get(new LeaseKey(account, ofEpoch));
    }

    private static LeaseTotals totals(Lease lease) {
        return new LeaseTotals(
                lease.key(),
                lease.epoch,
                lease.amountMicros,
                Math.ceilDiv(lease.settledNanos, NANOS_PER_MICRO),
                lease.returnedMicros,
                Math.ceilDiv(lease.overrunNanos, NANOS_PER_MICRO),
                Math.ceilDiv(lease.openNanos, NANOS_PER_MICRO),
                lease.seq,
                lease.closed);
    }

    /** All of it, for a {@link LogRecord.Checkpoint}. */
    byte[] snapshot() {
        var out = new LogCodec();
        out.number(epoch).text(kernelBoot).number(stopped ? 1 : 0);
        out.number(earlier.size() + current.size());
        var index = new HashMap<LeaseKey, Integer>();
        for (var leases : List.of(earlier.values(), current.values())) {
            for (var lease : leases) {
                index.put(new LeaseKey(lease.account, lease.epoch), index.size());
                out.text(lease.account)
                        .number(lease.epoch)
                        .number(lease.amountMicros)
                        .number(lease.settledNanos)
                        .number(lease.returnedMicros)
                        .number(lease.overrunNanos)
                        .number(lease.lastRequest)
                        .number(lease.seq)
                        .number(lease.closed ? 1 : 0);
            }
        }
        attempts(out, index);
        return out.copy();
    }

    /**
     * Those of running requests, then the open ones of requests that have their record already.
     * Number 0: it is settled.
     */
    private void attempts(LogCodec out, Map<LeaseKey, Integer> index) {
        var numbers = new IdentityHashMap<Attempt, Long>();
        intents.forEach((number, attempt) -> numbers.put(attempt, number));
        out.number(running.size());
        for (var request : running.values()) {
            out.request(request.request()).number(request.attempts().size());
            for (var attempt : request.attempts()) {
                var number = numbers.remove(attempt);
                attempt(out, index, number == null ? 0 : number, attempt);
            }
        }
        out.number(numbers.size());
        intents.forEach(
                (number, attempt) -> {
                    if (numbers.containsKey(attempt)) {
                        attempt(out, index, number, attempt);
                    }
                });
    }

    private static void attempt(
            LogCodec out, Map<LeaseKey, Integer> index, long number, Attempt attempt) {
        out.number(number)
                .attempt(attempt.about)
                .number(attempt.costNanos)
                .number(attempt.assumed ? 1 : 0)
                .number(attempt.holds.size());
        for (var hold : attempt.holds) {
            var key = new LeaseKey(hold.lease().account, hold.lease().epoch);
            var known = index.get(key);
            // a lease may be forgotten while the record of a settled attempt is not yet written
            out.number(known == null ? -1 : known).text(hold.lease().account).number(hold.nanos());
        }
    }

    private void restore(byte[] state) {
        var in = ByteBuffer.wrap(state);
        earlier.clear();
        current.clear();
        intents.clear();
        running.clear();
        epoch = in.getLong();
        kernelBoot = LogCodec.readText(in);
        stopped = in.getLong() == 1;
        var leases = new ArrayList<Lease>();
        var leaseCount = in.getLong();
        for (var i = 0L; i < leaseCount; i++) {
            var lease = new Lease(LogCodec.readText(in), in.getLong());
            lease.amountMicros = in.getLong();
            lease.settledNanos = in.getLong();
            lease.returnedMicros = in.getLong();
            lease.overrunNanos = in.getLong();
            lease.lastRequest = in.getLong();
            lease.seq = in.getLong();
            lease.closed = in.getLong() == 1;
            leases.add(lease);
            if (lease.epoch == epoch) {
                current.put(lease.account, lease);
            } else {
                earlier.put(new LeaseKey(lease.account, lease.epoch), lease);
            }
        }
        var requests = in.getLong();
        for (var i = 0L; i < requests; i++) {
            var request = new Running(LogCodec.readRequest(in), new ArrayList<>(1));
            running.put(request.request().id(), request);
            var count = in.getLong();
            for (var a = 0L; a < count; a++) {
                request.attempts().add(restoreAttempt(in, request.request().id(), leases));
            }
        }
        var recorded = in.getLong();
        for (var i = 0L; i < recorded; i++) {
            restoreAttempt(in, "", leases);
        }
    }

    private Attempt restoreAttempt(ByteBuffer in, String request, List<Lease> leases) {
        var number = in.getLong();
        var holds = new ArrayList<Open>(1);
        var attempt = new Attempt(request, LogCodec.readAttempt(in), holds);
        attempt.costNanos = in.getLong();
        attempt.assumed = in.getLong() == 1;
        var size = in.getLong();
        for (var h = 0L; h < size; h++) {
            var index = Math.toIntExact(in.getLong());
            var account = LogCodec.readText(in);
            var lease = index < 0 ? new Lease(account, 0) : leases.get(index);
            holds.add(new Open(lease, in.getLong()));
        }
        if (number != 0) {
            for (var hold : holds) {
                hold.lease().openNanos += hold.nanos();
                hold.lease().holds++;
            }
            intents.put(number, attempt);
        }
        return attempt;
    }
}
