package dev.tollgate.policy.budget;

import dev.tollgate.policy.budget.LedgerModel.Fate;
import dev.tollgate.policy.budget.LedgerModel.Proxy;
import dev.tollgate.policy.budget.LedgerModel.State;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Names a state of the {@link LedgerModel}: states of one name can go on in the same ways. Left out
 * is what makes no difference to what may happen next:
 *
 * <ul>
 *   <li>which proxy is which: all that the model has is of one proxy, or of all;
 *   <li>epochs and starts of a log, of which only the order counts;
 *   <li>numbers of writes, while nobody has seen a higher one than the account's, and the store
 *       forgets nothing: then it only counts whether a holder has seen one at all, and what is told
 *       of later ones is higher;
 *   <li>what is only displayed, or hurries a write: totals' {@code open}, who was refused, who is
 *       told why;
 *   <li>grants that add nothing to what their holder knows, now and ever after, and messages of a
 *       start of a log of which this ledger knows a later one: it refuses them.
 * </ul>
 */
final class StateCode {

    private static final int MOST_BYTES = 4_096;
    private static final int NOTHING = 127;

    private final byte[] bytes = new byte[MOST_BYTES];
    private final MessageDigest digest;
    private int length;
    private boolean exactNumbers;

    StateCode() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    byte[] of(State state) {
        var account = state.stored().get(LedgerModel.KEY);
        var copy = state.past().copy();
        exactNumbers =
                highestTold(state) > (account == null ? 0 : account.seq())
                        || state.past().mayForget()
                        || state.past().forgot()
                        || account != null && account.isFrozen();
        var proxies = new byte[state.proxies().size()][];
        for (var i = 0; i < proxies.length; i++) {
            length = 0;
            proxy(state, account, state.proxies().get(i));
            proxies[i] = Arrays.copyOf(bytes, length);
        }
        Arrays.sort(proxies, Arrays::compare);
        length = 0;
        put(account == null ? 0 : 1);
        if (account != null) {
            put(account.limitMicros());
            put(account.settledMicros());
            put(account.overrunMicros());
            put(account.epoch() == state.leader() ? 1 : 0);
            number(account.seq());
            var frozenAt = account.frozenAtSeq();
            put(frozenAt == null ? NOTHING : frozenAt);
        }
        put((state.past().mayForget() ? 1 : 0) + (state.past().forgot() ? 2 : 0));
        put(copy == null ? 0 : 1);
        if (copy != null) {
            put(copy.limitMicros());
            put(copy.settledMicros());
            put(copy.overrunMicros());
            put(copy.epoch() == state.leader() ? 1 : 0);
            number(copy.seq());
        }
        put(state.spentHalves());
        put(state.overruns());
        put(state.trouble());
        put(state.amount().now());
        put(state.amount().most());
        for (var proxy : proxies) {
            put(proxy.length);
            System.arraycopy(proxy, 0, bytes, length, proxy.length);
            length += proxy.length;
        }
        digest.update(bytes, 0, length);
        return digest.digest();
    }

    private void proxy(State state, Account account, Proxy p) {
        var log = p.holder().logId();
        var starts = new Starts();
        starts.add(p.holder().bootEpoch());
        for (var totals : p.earlier()) {
            starts.add(totals.bootEpoch());
        }
        var session = state.sessions().byLog().get(log);
        if (session != null) {
            starts.add(session.bootEpoch());
        }
        var leases = new ArrayList<LeaseAccount>();
        var closed = new ArrayList<HolderId>();
        if (account != null) {
            for (var lease : account.leases()) {
                if (is(lease.holder(), log)) {
                    leases.add(lease);
                    starts.add(lease.holder().bootEpoch());
                }
            }
            for (var holder : account.closed()) {
                if (is(holder, log)) {
                    closed.add(holder);
                    starts.add(holder.bootEpoch());
                }
            }
        }
        var copied = new ArrayList<LeaseAccount>();
        var copy = state.past().copy();
        if (copy != null) {
            for (var lease : copy.leases()) {
                if (is(lease.holder(), log)) {
                    copied.add(lease);
                    starts.add(lease.holder().bootEpoch());
                }
            }
        }
        var commands = new ArrayList<LedgerCommand>();
        for (var command : state.toLedger()) {
            if (is(command.holder(), log)
                    && (session == null || command.holder().bootEpoch() >= session.bootEpoch())) {
                commands.add(command);
                starts.add(command.holder().bootEpoch());
                for (var totals : totals(command)) {
                    starts.add(totals.bootEpoch());
                }
            }
        }
        put(starts.rank(p.holder().bootEpoch()));
        put((p.registered() ? 1 : 0) + (p.closed() ? 2 : 0));
        put(p.fate().ordinal());
        put(p.amount());
        put(p.halves());
        put(p.overrun());
        put(p.open());
        put(p.returned());
        put(p.lastRequest());
        number(p.seq());
        put(p.earlier().size());
        for (var totals : p.earlier()) {
            totals(totals, starts);
        }
        put(session == null ? NOTHING : starts.rank(session.bootEpoch()));
        if (session != null) {
            boolean gone = session.closed().contains(LedgerModel.KEY);
            put((session.connected() ? 1 : 0) + (gone ? 2 : 0));
        }
        if (leases.size() > 1) {
            leases.sort(Comparator.comparing(lease -> lease.holder().bootEpoch()));
        }
        put(leases.size());
        for (var lease : leases) {
            lease(lease, starts);
        }
        if (copied.size() > 1) {
            copied.sort(Comparator.comparing(lease -> lease.holder().bootEpoch()));
        }
        put(copied.size());
        for (var lease : copied) {
            lease(lease, starts);
        }
        if (closed.size() > 1) {
            closed.sort(Comparator.comparing(HolderId::bootEpoch));
        }
        put(closed.size());
        for (var holder : closed) {
            put(starts.rank(holder.bootEpoch()));
        }
        var codes = new ArrayList<byte[]>(commands.size());
        for (var command : commands) {
            codes.add(command(command, starts));
        }
        sorted(codes);
        effects(state, p);
    }

    private static boolean is(HolderId holder, String log) {
        return holder.logId().equals(log);
    }

    private void lease(LeaseAccount lease, Starts starts) {
        put(starts.rank(lease.holder().bootEpoch()));
        put(lease.amountMicros());
        put(lease.settledMicros());
        put(lease.returnedMicros());
        put(lease.reclaimedMicros());
        put(lease.overrunMicros());
        put(lease.lastAcquire());
        put(lease.state().ordinal());
    }

    private void totals(LeaseTotals totals, Starts starts) {
        put(starts.rank(totals.bootEpoch()));
        put(totals.amountMicros());
        put(totals.settledMicros());
        put(totals.returnedMicros());
        put(totals.overrunMicros());
        number(totals.seq());
        put(totals.closed() ? 1 : 0);
    }

    private byte[] command(LedgerCommand command, Starts starts) {
        var from = length;
        put(starts.rank(command.holder().bootEpoch()));
        switch (command) {
            case LedgerCommand.Register _ -> put(1);
            case LedgerCommand.Acquire acquire -> {
                put(2);
                put(acquire.request());
                put(acquire.amountMicros());
                put(acquire.wantedMicros());
                put(acquire.direct() ? 1 : 0);
            }
            case LedgerCommand.Report _ -> put(3);
            case LedgerCommand.Close _ -> put(4);
        }
        for (var totals : totals(command)) {
            totals(totals, starts);
        }
        return taken(from);
    }

    static List<LeaseTotals> totals(LedgerCommand command) {
        return switch (command) {
            case LedgerCommand.Register register -> register.leases();
            case LedgerCommand.Acquire _ -> List.of();
            case LedgerCommand.Report report -> report.leases();
            case LedgerCommand.Close close -> List.of(close.totals());
        };
    }

    private void effects(State state, Proxy p) {
        var accepted = new ArrayList<byte[]>();
        var refused = 0;
        var recalls = 0;
        var grants = new ArrayList<byte[]>();
        for (var effect : state.toProxies()) {
            if (!effect.to().equals(p.holder())) {
                continue;
            }
            switch (effect) {
                case LedgerEffect.Grant grant -> {
                    if (!p.closed() && grant.amountMicros() > p.amount()) {
                        var from = length;
                        put(grant.amountMicros());
                        number(grant.seq());
                        add(grants, taken(from));
                    }
                }
                case LedgerEffect.Registered answer -> {
                    if (answer.accepted()) {
                        accepted.add(stored(p, answer));
                    } else {
                        refused++;
                    }
                }
                case LedgerEffect.Recall _ -> recalls += p.fate() == Fate.BACK ? 1 : 0;
                case LedgerEffect.Closed _ -> {}
                case LedgerEffect.Denied _ -> {}
                case LedgerEffect.State _ -> {}
                case LedgerEffect.Freeze _ -> {}
            }
        }
        sorted(accepted);
        put(refused);
        put(recalls);
        sorted(grants);
    }

    /** Which of the leases of earlier starts the answer says are stored. */
    private static byte[] stored(Proxy p, LedgerEffect.Registered answer) {
        var stored = new byte[p.earlier().size()];
        for (var i = 0; i < stored.length; i++) {
            stored[i] =
                    (byte)
                            (LedgerModel.tells(answer.reason(), p.earlier().get(i).bootEpoch())
                                    ? 1
                                    : 0);
        }
        return stored;
    }

    /** Who gets a grant twice has what it has. */
    private static void add(List<byte[]> grants, byte[] grant) {
        for (var other : grants) {
            if (Arrays.equals(other, grant)) {
                return;
            }
        }
        grants.add(grant);
    }

    private byte[] taken(int from) {
        var taken = Arrays.copyOfRange(bytes, from, length);
        length = from;
        return taken;
    }

    private void sorted(List<byte[]> parts) {
        if (parts.size() > 1) {
            parts.sort(Arrays::compare);
        }
        put(parts.size());
        for (var part : parts) {
            put(part.length);
            System.arraycopy(part, 0, bytes, length, part.length);
            length += part.length;
        }
    }

    private static long highestTold(State state) {
        var most = 0L;
        for (var p : state.proxies()) {
            most = Math.max(most, p.seq());
            for (var totals : p.earlier()) {
                most = Math.max(most, totals.seq());
            }
        }
        for (var command : state.toLedger()) {
            for (var totals : totals(command)) {
                most = Math.max(most, totals.seq());
            }
        }
        for (var effect : state.toProxies()) {
            if (effect instanceof LedgerEffect.Grant grant) {
                most = Math.max(most, grant.seq());
            }
        }
        return most;
    }

    private void number(long seq) {
        put(exactNumbers ? seq : Math.min(seq, 1));
    }

    /** Everything in a model is small. */
    private void put(long value) {
        if (value < -128 || value > 127) {
            throw new IllegalStateException("value: " + value + " (expected: one byte)");
        }
        bytes[length++] = (byte) value;
    }

    /** Starts of one log that anything is about, in order. */
    private static final class Starts {
        private long known;

        void add(long bootEpoch) {
            if (bootEpoch < 0 || bootEpoch > 63) {
                throw new IllegalStateException("start: " + bootEpoch + " (expected: 0 to 63)");
            }
            known |= 1L << bootEpoch;
        }

        long rank(long bootEpoch) {
            return Long.bitCount(known & ((1L << bootEpoch) - 1));
        }
    }
}
