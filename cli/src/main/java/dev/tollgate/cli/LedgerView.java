package dev.tollgate.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.policy.budget.Account;
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
 */
record LedgerView(
        String from, List<Account> accounts, Map<HolderId, Holder> holders, Set<String> frozen) {

    /**
     * @param proxy UID of its pod, or the name of the process
     * @param since when it came or left
     */
    record Holder(String proxy, boolean connected, Instant since) {}

    LedgerView {
        accounts = List.copyOf(accounts);
        holders = Map.copyOf(holders);
        frozen = Set.copyOf(frozen);
    }

    LedgerView only(@Nullable String namespace, @Nullable String budget) {
        return new LedgerView(
                from,
                accounts.stream()
                        .filter(a -> namespace == null || a.key().namespace().equals(namespace))
                        .filter(a -> budget == null || a.key().name().equals(budget))
                        .toList(),
                holders,
                frozen);
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

    private static String window(Account account) {
        var window = account.key().window();
        return window.start() == null ? "lifetime" : window.start() + " to " + window.end();
    }

    /** A line for each account, and below it one for each lease. */
    List<String> table() {
        var lines = new ArrayList<String>();
        for (var account : accounts) {
            var subject = account.key().subject();
            lines.add(
                    account.key().budget()
                            + (subject.isEmpty() ? "" : " for " + subject)
                            + ", "
                            + window(account)
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
            one.put("namespace", account.key().namespace());
            one.put("budget", account.key().name());
            one.put("subject", account.key().subject());
            var window = account.key().window();
            if (window.start() != null) {
                one.put("windowStart", window.start().toString());
                one.put("windowEnd", String.valueOf(window.end()));
            }
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
        return root;
    }
}
