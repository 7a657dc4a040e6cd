package dev.tollgate.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.HolderId;
import dev.tollgate.policy.budget.LeaseAccount;
import dev.tollgate.policy.price.Money;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/**
 * Accounts as people and scripts read them.
 *
 * @param from where they were read, for a message
 * @param holders as far as an operator has told of them
 * @param frozen keys of accounts that give nothing out
 * @param unreadable what is there and says nothing
 */
record LedgerView(
        String from,
        List<Account> accounts,
        Map<HolderId, Holder> holders,
        Set<String> frozen,
        List<Unreadable> unreadable) {

    /**
     * @param proxy UID of its pod, or the name of the process
     * @param since when it came or left
     */
    record Holder(String proxy, boolean connected, Instant since) {}

    /**
     * An account that cannot be read.
     *
     * @param where the object or the file that it should be in
     * @param key null: nobody can tell which one it is, so it may be any
     */
    record Unreadable(String where, @Nullable AccountKey key, String reason) {}

    LedgerView {
        accounts = List.copyOf(accounts);
        holders = Map.copyOf(holders);
        frozen = Set.copyOf(frozen);
        unreadable = List.copyOf(unreadable);
    }

    LedgerView only(@Nullable String namespace, @Nullable String budget) {
        return new LedgerView(
                from,
                accounts.stream().filter(a -> isOf(a.key(), namespace, budget)).toList(),
                holders,
                frozen,
                unreadable.stream()
                        .filter(each -> each.key() == null || isOf(each.key(), namespace, budget))
                        .toList());
    }

    private static boolean isOf(
            AccountKey key, @Nullable String namespace, @Nullable String budget) {
        return (namespace == null || key.namespace().equals(namespace))
                && (budget == null || key.name().equals(budget));
    }

    private static String dollars(long micros) {
        return micros < 0 ? "-" + Money.ofMicros(-micros) : Money.ofMicros(micros).toString();
    }

    private static String word(LeaseAccount.State state) {
        return switch (state) {
            case OPEN -> "Open";
            case SUSPECT -> "Suspect";
            case RECLAIMED -> "Reclaimed";
        };
    }

    private static String title(AccountKey key) {
        return key.budget()
                + (key.subject().isEmpty() ? "" : " for " + key.subject())
                + ", "
                + window(key);
    }

    private static String window(AccountKey key) {
        var window = key.window();
        return window.start() == null ? "lifetime" : window.start() + " to " + window.end();
    }

    /** A line for each account, and below it one for each lease; at the end what says nothing. */
    List<String> table() {
        var lines = new ArrayList<String>();
        for (var account : accounts) {
            lines.add(
                    title(account.key())
                            + (frozen.contains(account.key().toString()) ? ", FROZEN" : ""));
            lines.add(
                    "  limit %s  spent %s  overrun %s  outstanding %s  left %s"
                            .formatted(
                                    dollars(account.amountMicros()),
                                    dollars(account.spentMicros()),
                                    dollars(account.overrunMicros()),
                                    dollars(account.outstandingMicros()),
                                    dollars(account.remainingMicros())));
            lines.addAll(leases(account));
        }
        for (var each : unreadable) {
            var key = each.key();
            lines.add((key == null ? "an account" : title(key)) + ", CANNOT BE READ");
            lines.add("  " + each.where() + ": " + each.reason());
        }
        return lines;
    }

    private List<String> leases(Account account) {
        var rows = new ArrayList<List<String>>();
        rows.add(List.of("HOLDER", "STATE", "GRANTED", "SETTLED", "OUTSTANDING", "PROXY", "SINCE"));
        for (var lease : account.leases()) {
            var seen = holders.get(lease.holder());
            rows.add(
                    List.of(
                            lease.holder().toString(),
                            word(lease.state()),
                            dollars(lease.amountMicros()),
                            dollars(lease.settledMicros()),
                            dollars(lease.outstandingMicros()),
                            seen == null ? "-" : seen.proxy(),
                            seen == null
                                    ? "-"
                                    : (seen.connected() ? "connected " : "away ")
                                            + seen.since().truncatedTo(ChronoUnit.SECONDS)));
        }
        return rows.size() == 1 ? List.of("  no leases") : aligned(rows);
    }

    private static List<String> aligned(List<List<String>> rows) {
        var widths = new int[rows.getFirst().size()];
        for (var row : rows) {
            for (var i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        var lines = new ArrayList<String>();
        for (var row : rows) {
            var line = new StringJoiner("  ", "  ", "");
            for (var i = 0; i < widths.length; i++) {
                line.add(row.get(i) + " ".repeat(widths[i] - row.get(i).length()));
            }
            lines.add(line.toString().stripTrailing());
        }
        return lines;
    }

    /** Amounts are decimal strings of USD. */
    ObjectNode json() {
        var root = JsonNodeFactory.instance.objectNode();
        var all = root.putArray("accounts");
        for (var account : accounts) {
            var one = all.addObject();
            name(account.key(), one);
            one.put("limit", dollars(account.amountMicros()));
            one.put("spent", dollars(account.spentMicros()));
            one.put("overrun", dollars(account.overrunMicros()));
            one.put("outstanding", dollars(account.outstandingMicros()));
            one.put("left", dollars(account.remainingMicros()));
            one.put("frozen", frozen.contains(account.key().toString()));
            var leases = one.putArray("leases");
            for (var lease : account.leases()) {
                var node = leases.addObject();
                node.put("holder", lease.holder().toString());
                node.put("state", word(lease.state()));
                node.put("granted", dollars(lease.amountMicros()));
                node.put("settled", dollars(lease.settledMicros()));
                node.put("returned", dollars(lease.returnedMicros()));
                node.put("overrun", dollars(lease.overrunMicros()));
                node.put("outstanding", dollars(lease.outstandingMicros()));
                var seen = holders.get(lease.holder());
                if (seen != null) {
                    node.put("proxy", seen.proxy());
                    node.put("connected", seen.connected());
                    node.put("since", seen.since().toString());
                }
            }
        }
        var damaged = root.putArray("unreadable");
        for (var each : unreadable) {
            var one = damaged.addObject();
            if (each.key() != null) {
                name(each.key(), one);
            }
            one.put("where", each.where());
            one.put("reason", each.reason());
        }
        return root;
    }

    private static void name(AccountKey key, ObjectNode account) {
        account.put("namespace", key.namespace());
        account.put("budget", key.name());
        account.put("subject", key.subject());
        var window = key.window();
        if (window.start() != null) {
            account.put("windowStart", window.start().toString());
            account.put("windowEnd", String.valueOf(window.end()));
        }
    }
}
