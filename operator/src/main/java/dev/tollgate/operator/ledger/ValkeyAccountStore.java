package dev.tollgate.operator.ledger;

import dev.tollgate.operator.ledger.ValkeyLines.Line;
import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountJson;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.AccountStore;
import dev.tollgate.policy.snapshot.SnapshotCodec;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Accounts in a Valkey or Redis 7.2 or later: a hash for each, written by a script that compares
 * versions and checks the rules of a BudgetLedger once more ({@link LedgerScripts}). A version is
 * the seq and a digest of the account, so that two ledgers cannot mean different accounts by one
 * version, not even after the server has forgotten writes, nor after somebody has edited one. A
 * write is Ok, and a read is answered, once the append-only file with it is on the disk of the
 * primary and on so many of its replicas that, with it, they are a majority of all nodes that the
 * database ever had. Blocking.
 *
 * <p>The regression guard: the store remembers the highest seq of each account that it has written
 * or read. At each connection and each {@link #identity} it compares them with those of the
 * database. The identity is a random id in the database. It stays over restarts and failovers that
 * have provably lost nothing, and is made anew when
 *
 * <ul>
 *   <li>the database has none: it is new, wiped or another one;
 *   <li>an account is missing, or has a lower seq than it once had; missing is no loss if accounts
 *       were deleted whose windows ended no earlier, maybe by another ledger;
 *   <li>the server was started, or another one took over, and nobody saw what it knew before: the
 *       ledger was down too.
 * </ul>
 *
 * <p>Then nothing is proven, and {@link #unproven} says so, also to ledgers that begin later, until
 * one has heard all proxies.
 */
public final class ValkeyAccountStore implements AccountStore, AutoCloseable {

    /** Accounts of one answer. */
    private static final int PAGE = 64;

    private static final int LOOK_HEAD = 5;
    private static final int PROOFS_AT_MOST = 8;

    private static final Logger LOG = LoggerFactory.getLogger(ValkeyAccountStore.class);

    private final ValkeyLines lines;
    private final ValkeyEntries entries;
    private final Map<String, Long> remembered = new ConcurrentHashMap<>();
    private volatile boolean complete; // what is remembered; all accounts were read once

    // guarded by this: one proof at a time
    private @Nullable String id;
    private boolean unproven;
    private volatile int replicasNeeded;

    /**
     * @param prefix of all keys; what one fleet uses alone
     */
    public ValkeyAccountStore(Vertx vertx, ValkeyServer server, String prefix) {
        this.entries = new ValkeyEntries("{" + prefix + "}:");
        this.lines = new ValkeyLines(vertx, server, this::prove);
    }

    /** Why this server cannot keep accounts, or does not answer; null: it can. */
    public @Nullable String refusal() {
        try (var _ = lines.take()) {
            return null;
        } catch (ValkeyFailure e) {
            return e.reason();
        }
    }

    /**
     * Whether the database was made anew, or has lost something, and nobody has said since that all
     * is {@link #proven}: what is missing cannot be told from what never was. As last seen.
     */
    public synchronized boolean unproven() {
        return unproven;
    }

    /** Everybody has told what they hold, and it is in the accounts. Kept in the database. */
    public void proven(String identity) {
        try (var line = lines.take()) {
            var answer =
                    line.send(
                            Request.cmd(Command.EVAL)
                                    .arg(LedgerScripts.PROVEN)
                                    .arg(1)
                                    .arg(entries.store())
                                    .arg(identity));
            if (answer.toInteger() == 1) {
                seenProven();
            }
        } catch (ValkeyFailure e) {
            LOG.atWarn()
                    .addKeyValue("error", e.reason())
                    .log(
                            "the ledger's store did not take that it is proven; the next start freezes");
        }
    }

    private synchronized void seenProven() {
        unproven = false;
    }

    @Override
    public Read read(AccountKey key) {
        try (var line = lines.take()) {
            var text = key.toString();
            return told(text, read(line, List.of(text)), 0);
        } catch (ValkeyFailure e) {
            return new Read.Unavailable(e.reason());
        }
    }

    private Response read(Line line, List<String> keys) throws ValkeyFailure {
        var request =
                Request.cmd(Command.EVAL)
                        .arg(LedgerScripts.READ)
                        .arg(2 + keys.size())
                        .arg(entries.store())
                        .arg(entries.index());
        keys.forEach(key -> request.arg(entries.account(key)));
        keys.forEach(request::arg);
        var found = line.send(request);
        line.awaitDurable(replicasNeeded);
        return found;
    }

    /** What the script has found of an account, at this place of its answer. */
    private Read told(String key, Response found, int at) {
        var told = entries.told(key, found, at);
        long seq = ValkeyEntries.seq(found, at);
        if (seq > 0 && ValkeyEntries.key(key) != null) { // of what cannot be read too
            remember(key, seq);
        } else if (told instanceof Read.Ok(var versioned)) {
            remember(key, versioned.account().seq());
        }
        return told;
    }

    private void remember(String key, long seq) {
        remembered.merge(key, seq, Math::max);
    }

    @Override
    public Write compareAndSet(AccountKey key, String version, Account account) {
        if (!key.equals(account.key())) {
            throw new IllegalArgumentException(
                    "account: " + account.key() + " (expected: " + key + ")");
        }
        var text = key.toString();
        var json = AccountJson.write(account);
        var next = account.seq() + "." + SnapshotCodec.digest(json);
        try (var line = lines.take()) {
            var answer =
                    line.send(
                            Request.cmd(Command.EVAL)
                                    .arg(LedgerScripts.WRITE)
                                    .arg(2)
                                    .arg(entries.account(text))
                                    .arg(entries.index())
                                    .arg(text)
                                    .arg(version)
                                    .arg(next)
                                    .arg(json));
            return switch (answer.get(0).toString()) {
                case "ok" -> {
                    line.awaitDurable(replicasNeeded);
                    remember(text, account.seq());
                    yield new Write.Ok(answer.get(1).toString());
                }
                case "conflict" -> new Write.Conflict();
                case "refused" -> refused(text, answer.get(1).toString());
                default -> new Write.Unknown("the script answered " + answer);
            };
        } catch (ValkeyFailure e) {
            return e.nothingDone()
                    ? new Write.Unavailable(e.reason())
                    : new Write.Unknown(e.reason());
        }
    }

    @Override
    public Write delete(AccountKey key, String version) {
        var end = key.window().end();
        if (end == null) {
            return new Write.Unavailable(key + " has no end");
        }
        var text = key.toString();
        try (var line = lines.take()) {
            var answer =
                    line.send(
                            Request.cmd(Command.EVAL)
                                    .arg(LedgerScripts.DELETE)
                                    .arg(3)
                                    .arg(entries.account(text))
                                    .arg(entries.index())
                                    .arg(entries.store())
                                    .arg(text)
                                    .arg(version)
                                    .arg(end.getEpochSecond()));
            return switch (answer.get(0).toString()) {
                case "ok" -> {
                    line.awaitDurable(replicasNeeded);
                    remembered.remove(text);
                    yield new Write.Ok(ABSENT);
                }
                case "conflict" -> new Write.Conflict();
                case "refused" -> refused(text, answer.get(1).toString());
                default -> new Write.Unknown("the script answered " + answer);
            };
        } catch (ValkeyFailure e) {
            return e.nothingDone()
                    ? new Write.Unavailable(e.reason())
                    : new Write.Unknown(e.reason());
        }
    }

    private static Write refused(String key, String why) {
        LOG.atError()
                .addKeyValue("account", key)
                .addKeyValue("error", why)
                .log("the ledger's store refused a write that breaks a rule");
        return new Write.Unavailable("refused by the store's own check: " + why);
    }

    @Override
    public Listing list(String prefix) {
        try (var line = lines.take()) {
            var seqs = look(line).seqs();
            var keys =
                    seqs.keySet().stream()
                            .filter(key -> key.startsWith(prefix) || ValkeyEntries.key(key) == null)
                            .toList();
            var accounts = new ArrayList<Versioned>();
            var damaged = new ArrayList<Damaged>();
            for (int from = 0; from < keys.size(); from += PAGE) {
                var page = keys.subList(from, Math.min(keys.size(), from + PAGE));
                var found = read(line, page);
                for (int each = 0; each < page.size(); each++) {
                    switch (told(page.get(each), found, each * ValkeyEntries.EACH)) {
                        case Read.Ok(var versioned) -> accounts.add(versioned);
                        case Read.Unreadable(var bad) -> damaged.add(bad);
                        case Read.Absent(), Read.Unavailable _ -> {} // deleted since the look
                    }
                }
            }
            complete |= prefix.isEmpty() && !seqs.containsValue(ValkeyEntries.ILLEGIBLE);
            accounts.sort(Comparator.comparing(versioned -> versioned.account().key()));
            damaged.sort(Comparator.comparing(Damaged::name));
            return new Listing.Ok(accounts, damaged);
        } catch (ValkeyFailure e) {
            return new Listing.Unavailable(e.reason());
        }
    }

    @Override
    public Identity identity() {
        try (var line = lines.take()) {
            return new Identity.Ok(prove(line));
        } catch (ValkeyFailure e) {
            return new Identity.Unavailable(e.reason());
        }
    }

    /**
     * @param deletedUntil accounts were deleted whose windows ended by then, in seconds of the
     *     epoch
     * @param seqs of all accounts, {@link ValkeyEntries#ILLEGIBLE} where there is something else
     */
    private record Look(
            String id,
            String run,
            int nodes,
            boolean unproven,
            long deletedUntil,
            Map<String, Long> seqs) {

        /** It is not there, and need not be. */
        boolean mayBeDeleted(String key) {
            var end = AccountKey.parse(key).window().end();
            return !seqs.containsKey(key)
                    && deletedUntil > 0
                    && end != null
                    && end.getEpochSecond() <= deletedUntil;
        }
    }

    private Look look(Line line) throws ValkeyFailure {
        return look(line, 1);
    }

    private Look look(Line line, int nodes) throws ValkeyFailure {
        var answer =
                line.send(
                        Request.cmd(Command.EVAL)
                                .arg(LedgerScripts.LOOK)
                                .arg(2)
                                .arg(entries.store())
                                .arg(entries.index())
                                .arg(nodes));
        var seqs = new HashMap<String, Long>();
        for (int at = LOOK_HEAD; at + 1 < answer.size(); at += 2) {
            seqs.put(answer.get(at).toString(), ValkeyEntries.seq(answer.get(at + 1).toString()));
        }
        return new Look(
                answer.get(0).toString(),
                answer.get(1).toString(),
                answer.get(2).toInteger(),
                !answer.get(3).toString().equals("0"),
                answer.get(4).toLong(),
                seqs);
    }

    /** Whether the server behind this connection is fit, and knows what it once knew; its id. */
    private synchronized String prove(Line line) throws ValkeyFailure {
        var facts =
                ValkeyFacts.parse(
                        line.send(Request.cmd(Command.INFO)).toString(StandardCharsets.UTF_8));
        var refusal = facts.refusal();
        if (refusal == null && fsyncIsOff(line)) {
            refusal = "appendfsync no (expected: always or everysec)";
        }
        if (refusal != null) {
            throw ValkeyFailure.nothingDone(refusal);
        }
        for (int attempt = 0; attempt < PROOFS_AT_MOST; attempt++) {
            var before = new HashMap<>(remembered); // acknowledged, so it must be in what follows
            var look = look(line, 1 + facts.replicas());
            forgetDeleted(before, look);
            replicasNeeded = look.nodes() / 2;
            boolean lost = lost(before, look);
            boolean known = complete && look.id().equals(id);
            boolean seen = look.run().equals(facts.runId()) || known;
            if (!look.id().isEmpty() && seen && !lost) {
                if (look.run().equals(facts.runId())
                        || claim(line, look, look.id(), facts.runId())) {
                    id = look.id();
                    unproven = look.unproven();
                    return look.id();
                }
                continue;
            }
            var fresh = UUID.randomUUID().toString();
            if (claim(line, look, fresh, facts.runId())) {
                anew(look, fresh, lost);
                return fresh;
            }
        }
        throw ValkeyFailure.nothingDone("others claim it too");
    }

    /** Not known where CONFIG is not allowed; then nothing is ever durable, which is safe too. */
    private static boolean fsyncIsOff(Line line) throws ValkeyFailure {
        try {
            var answer = line.send(Request.cmd(Command.CONFIG).arg("GET").arg("appendfsync"));
            return answer.containsKey("appendfsync")
                    && answer.get("appendfsync").toString().equals("no");
        } catch (ValkeyFailure e) {
            if (e.answered()) {
                return false;
            }
            throw e;
        }
    }

    private void forgetDeleted(Map<String, Long> before, Look look) {
        before.entrySet()
                .removeIf(
                        entry ->
                                look.mayBeDeleted(entry.getKey())
                                        && forget(entry.getKey(), entry.getValue()));
    }

    /** Unless it was written again meanwhile. */
    private boolean forget(String key, long seq) {
        remembered.remove(key, seq);
        return true;
    }

    private static boolean lost(Map<String, Long> before, Look look) {
        return before.entrySet().stream()
                .anyMatch(entry -> look.seqs().getOrDefault(entry.getKey(), 0L) < entry.getValue());
    }

    private boolean claim(Line line, Look look, String nextId, String nextRun)
            throws ValkeyFailure {
        return line.send(
                                Request.cmd(Command.EVAL)
                                        .arg(LedgerScripts.CLAIM)
                                        .arg(1)
                                        .arg(entries.store())
                                        .arg(look.id())
                                        .arg(look.run())
                                        .arg(nextId)
                                        .arg(nextRun))
                        .toInteger()
                == 1;
    }

    /** What was lost is told once. */
    private void anew(Look look, String fresh, boolean lost) {
        unproven = true;
        remembered.replaceAll((key, seq) -> Math.min(seq, look.seqs().getOrDefault(key, 0L)));
        LOG.atWarn()
                .addKeyValue("before", look.id())
                .addKeyValue("now", fresh)
                .addKeyValue("lost", lost)
                .log(
                        "the ledger's store is new, or may have forgotten something; accounts are"
                                + " frozen until all proxies have told what they hold");
        id = fresh;
    }

    @Override
    public void close() {
        lines.close();
    }
}
